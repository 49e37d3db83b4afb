import { rmSync } from 'node:fs'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KeyAlgorithm } from '../../src/keys/algorithms.ts'
import type { StoredKey } from '../../src/keys/store.ts'
import { createLogger } from '../../src/observability/log.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { type Server, startServer } from '../../src/server/server.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { issue } from '../harness/client.ts'
import { extent } from '../harness/extent.ts'
import { SECRET } from '../harness/model.ts'
import { applyTo, testConfig } from '../harness/server.ts'

const ROTATE_EVERY_MS = 2_000
const PUBLISH_BEFORE_MS = 5_000
const RUN_MS = extent(10_000, 24_000)
const ALGORITHMS: readonly KeyAlgorithm[] = ['ES256', 'RS256', 'A256GCM']

const MANIFEST = `
apis:
  - { audience: "urn:es256", scopes: [{ name: es256 }] }
  - { audience: "urn:rs256", token: { algorithm: RS256 }, scopes: [{ name: rs256 }] }
  - { audience: "urn:sealed", token: { format: sealed }, scopes: [{ name: sealed }] }
clients:
  - { client_id: fleet, scopes: [es256, rs256, sealed], credentials: [{ secret: ${SECRET} }] }
`

/** One of two servers with one issuer and one database. */
interface TestNode {
  readonly url: string
  readonly server: Server
}

const folders: string[] = []
const nodes: TestNode[] = []
let store: Store

beforeAll(async () => {
  const options = {
    'keys.rotate_every': String(ROTATE_EVERY_MS / 1000),
    'keys.publish_before': String(PUBLISH_BEFORE_MS / 1000),
    'keys.cache_max_age': '1',
  }
  const first = await testConfig(options)
  const second = await testConfig(options)
  folders.push(first.folder, second.folder)
  const { issuer, storage, masterKey } = first.config
  await applyTo(first.config, MANIFEST)
  store = await openStore(storage, systemClock)
  const started = [first.config, second.config].map(async (config): Promise<TestNode> => {
    const server = await startServer({ ...config, issuer, storage, masterKey }, { log: createLogger('silent') })
    return { url: `https://localhost:${server.runtimePort}`, server }
  })
  nodes.push(...(await Promise.all(started)))
})
afterAll(async () => {
  await store.close()
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** The states of each key, in the order of the events. */
async function recordedStates(): Promise<ReadonlyMap<unknown, readonly unknown[]>> {
  const states = new Map<unknown, unknown[]>()
  for (const { type, detail } of await store.audit.listEvents({ limit: 10_000 })) {
    if (type === 'key.change') states.set(detail['kid'], [...(states.get(detail['kid']) ?? []), detail['state']])
  }
  return states
}

test('two servers on one database rotate its keys as one', async () => {
  const planned = new Map<string, StoredKey>()
  const twice = new Set<string>()
  const failures: string[] = []
  const signed = new Set<string>()
  const begun = systemClock.now()
  for (let round = 0; systemClock.now() < begun + RUN_MS; round += 1) {
    const { found: keys } = await store.keys.listKeys()
    for (const key of keys) if (!planned.has(key.kid)) planned.set(key.kid, key)
    for (const algorithm of ALGORITHMS) {
      const active = keys.filter((key) => key.algorithm === algorithm && key.state === 'active')
      if (active.length > 1) twice.add(`${algorithm}: ${active.map(({ kid }) => kid).join(', ')}`)
    }
    const [one, other] = round % 2 === 0 ? nodes : nodes.toReversed()
    if (one === undefined || other === undefined) throw new Error('there are two servers')
    const token = await issue(one.url, round % 4 < 2 ? 'es256' : 'rs256', 'fleet')
    signed.add(decodeProtectedHeader(token).kid ?? '')
    await jwtVerify(token, createRemoteJWKSet(new URL(`${other.url}/pf/JWKS`))).catch((error: unknown) =>
      failures.push(`after ${systemClock.now() - begun} ms: ${error}`),
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const ran = systemClock.now() - begun
  for (const { server } of nodes) await server.stop()

  expect([...twice]).toEqual([])
  expect(failures).toEqual([])
  expect(signed.size).toBeGreaterThan(extent(3, 10))

  for (const algorithm of ALGORITHMS) {
    const keys = [...planned.values()].filter((key) => key.algorithm === algorithm)
    const starts = keys.map(({ activeAt }) => activeAt).sort((one, other) => one - other)
    const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(ROTATE_EVERY_MS)
    // The first two at once, then one at each interval, allowing for the delay of a busy machine.
    expect(keys.length).toBeLessThanOrEqual(2 + ran / ROTATE_EVERY_MS)
    expect(keys.length).toBeGreaterThanOrEqual((2 + ran / ROTATE_EVERY_MS) * 0.6)
    // All keys except the first must be published for the configured time before they sign.
    const hasty = keys.filter(({ createdAt, activeAt }) => activeAt - createdAt < PUBLISH_BEFORE_MS)
    expect(hasty).toHaveLength(1)
  }

  const states = await recordedStates()
  expect(states.size).toBeGreaterThanOrEqual(planned.size)
  const lives = new Set([...states.values()].map((passed) => passed.join(' ')))
  const whole = ['pending active retiring', 'active retiring']
  const unfinished = ['pending active', 'pending']
  expect([...whole, ...unfinished]).toEqual(expect.arrayContaining([...lives]))
})
