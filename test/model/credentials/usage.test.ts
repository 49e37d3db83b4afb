import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CredentialUse } from '../../../src/model/credentials/store.ts'
import { CredentialUsage } from '../../../src/model/credentials/usage.ts'
import { ClientId, CredentialId } from '../../../src/oauth/ids.ts'
import { createLogger } from '../../../src/observability/log.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { startServer } from '../../../src/server/server.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/tables/sql-store.ts'
import { MODEL, SECRET } from '../../harness/model.ts'
import { applyTo, basic, startTestServer, type TestServer, testConfig } from '../../harness/server.ts'
import { countTurns } from '../../harness/turns.ts'

const MINUTE = 60_000
const A = CredentialId('a')
const B = CredentialId('b')

/** A store that records its input, and fails on demand. */
function createStore() {
  const state = { failing: false, writes: [] as (readonly CredentialUse[])[] }
  const noteUses = async (uses: readonly CredentialUse[]) => {
    if (state.failing) throw new Error('the database is away')
    state.writes.push(uses)
  }
  const usage = new CredentialUsage({ noteUses })
  /** The writes since the last call. */
  const written = () => state.writes.splice(0).flat()
  return { usage, state, written }
}

describe('uses in memory', () => {
  test('are written with the next flush, only the latest of each credential', async () => {
    const { usage, state, written } = createStore()
    usage.note(A, 1)
    usage.note(B, 2)
    usage.note(A, 3)
    expect(state.writes).toEqual([])
    await usage.flush(3)
    expect(written()).toEqual([
      { id: A, at: 3 },
      { id: B, at: 2 },
    ])
    await usage.flush(4)
    expect(written()).toEqual([])
  })

  test('of very many credentials are written in batches, between which other work runs', async () => {
    const { usage, written } = createStore()
    const ids = Array.from({ length: 10_000 }, (_, index) => CredentialId(String(index)))
    for (const id of ids) usage.note(id, 1)
    const turns = countTurns()
    await usage.flush(1)
    expect(turns()).toBeGreaterThanOrEqual(9)
    expect(written()).toHaveLength(ids.length)
  })

  test('of a busy credential are written once a minute', async () => {
    const { usage, state } = createStore()
    for (let now = 0; now < 10 * MINUTE; now += 1_000) {
      usage.note(A, now)
      await usage.flush(now)
    }
    expect(state.writes).toHaveLength(10)
  })

  test('soon after a write are written at the end of the minute, even without further uses', async () => {
    const { usage, written } = createStore()
    usage.note(A, 0)
    await usage.flush(0)
    usage.note(A, 10_000)
    written()
    await usage.flush(MINUTE - 1)
    expect(written()).toEqual([])
    await usage.flush(MINUTE)
    expect(written()).toEqual([{ id: A, at: 10_000 }])
  })

  test('soon after a write are written on close', async () => {
    const { usage, written } = createStore()
    usage.note(A, 0)
    await usage.flush(0)
    usage.note(A, 1)
    written()
    await usage.close()
    expect(written()).toEqual([{ id: A, at: 1 }])
    await usage.close()
    expect(written()).toEqual([])
  })

  test('that come during a write are not lost', async () => {
    let release = () => {}
    const writes: CredentialUse[][] = []
    const usage = new CredentialUsage({
      noteUses: (uses) => {
        writes.push([...uses])
        return new Promise((resolve) => {
          release = resolve
        })
      },
    })
    usage.note(A, 1)
    const flushing = usage.flush(1)
    usage.note(A, 2)
    usage.note(B, 2)
    release()
    await flushing
    const closing = usage.close()
    release()
    await closing
    expect(writes).toEqual([
      [{ id: A, at: 1 }],
      [
        { id: A, at: 2 },
        { id: B, at: 2 },
      ],
    ])
  })

  test('wait while the store fails, and are written once it works', async () => {
    const { usage, state, written } = createStore()
    for (let index = 0; index < 2_500; index += 1) usage.note(CredentialId(`c${index}`), index)
    state.failing = true
    await expect(usage.flush(0)).rejects.toThrow('the database is away')
    await expect(usage.close()).rejects.toThrow('the database is away')
    usage.note(A, 9)
    state.failing = false
    await usage.flush(0)
    expect(new Set(written().map(({ id }) => id)).size).toBe(2_501)
  })

  test('are written even after the clock went back an hour', async () => {
    const { usage, written } = createStore()
    usage.note(A, 60 * MINUTE)
    await usage.flush(60 * MINUTE)
    written()
    usage.note(A, 1)
    await usage.flush(1)
    expect(written()).toEqual([{ id: A, at: 1 }])
  })

  test('take no memory once they are written, for any number of credentials', async () => {
    const { usage, state, written } = createStore()
    const use = async (now: number) => {
      for (let index = 0; index < 250_000; index += 1) usage.note(CredentialId(`c${index}`), now)
      await usage.flush(now)
    }
    await use(0)
    // A use soon after a write isn't due yet, and stays in memory until the minute is over.
    await use(1_000)
    await usage.flush(2 * MINUTE)
    // Statements have a bounded size.
    expect(Math.max(...state.writes.map(({ length }) => length))).toBeLessThanOrEqual(1_000)
    written()
    await usage.close()
    expect(written()).toEqual([])
  })
})

describe('a server', () => {
  const calls: string[] = []
  const uses: (readonly CredentialUse[])[] = []
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ manifest: MODEL, open: openCounting })
  })
  afterAll(() => server.stop())

  /** The real store, which counts every call about credentials. */
  async function openCounting(...args: Parameters<typeof openStore>): Promise<Store> {
    const store = await openStore(...args)
    const credentials = new Proxy(store.credentials, {
      get: (target, name: keyof typeof store.credentials) => {
        const method = target[name]
        return (...given: never[]) => {
          calls.push(name)
          if (name === 'noteUses') uses.push(...given)
          return Reflect.apply(method, target, given)
        }
      },
    })
    return { ...store, credentials }
  }

  const ask = (id: string) => server.token({ grant_type: 'client_credentials', scope: 'edit' }, basic(id, SECRET))
  const lastUsed = async (storage: string, id: string) => {
    const store = await openStore(storage, systemClock)
    const all = await store.credentials.listCredentials(ClientId(id))
    await store.close()
    return all?.found[0]?.lastUsedAt
  }

  test('writes the use of a credential within seconds, and not for each request', async () => {
    calls.splice(0)
    const start = Date.now()
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask('reporter')))
      expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    }
    const end = Date.now()
    // Only the batches that are written every other second.
    expect(new Set(calls.filter((call) => call !== 'listExpiring'))).toEqual(
      new Set(calls.filter((call) => call === 'noteUses')),
    )
    expect(calls.length).toBeLessThanOrEqual(Math.ceil((end - start) / 2_000) + 1)

    let at: number | undefined
    while (at === undefined) {
      expect(Date.now() - end).toBeLessThan(8_000)
      await new Promise((resolve) => setTimeout(resolve, 100))
      at = await lastUsed(server.config.storage, 'reporter')
    }
    expect(at).toBeGreaterThanOrEqual(start)
    expect(at).toBeLessThanOrEqual(end)
    expect(uses.flat()).toHaveLength(1)
  })
})

test('a use just before a server stops is kept; a refused attempt is no use', async () => {
  const { config, folder } = await testConfig({ 'shutdown.timeout': '0' })
  await applyTo(config, MODEL)
  const server = await startServer(config, { log: createLogger('silent') })
  const start = Date.now()
  const answer = await fetch(`${config.issuer}/as/token.oauth2`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'edit' }),
    headers: basic('reporter', SECRET),
  })
  expect(answer.status).toBe(200)
  for (const [id, secret] of [
    ['auditor', 'x'],
    ['disabled', SECRET],
    ['expired', SECRET],
  ] as const) {
    const refused = await fetch(`${config.issuer}/as/token.oauth2`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      headers: basic(id, secret),
    })
    expect(refused.status).toBe(401)
  }
  await server.stop()

  const store = await openStore(config.storage, systemClock)
  const used = await store.credentials.listCredentials(ClientId('reporter'))
  expect(used?.found[0]?.lastUsedAt).toBeGreaterThanOrEqual(start)
  for (const id of ['auditor', 'disabled', 'expired']) {
    expect((await store.credentials.listCredentials(ClientId(id)))?.found).toMatchObject([{ lastUsedAt: undefined }])
  }
  await store.close()
  rmSync(folder, { recursive: true })
})
