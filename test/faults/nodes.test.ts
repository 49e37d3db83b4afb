import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { extent, report } from '../harness/extent.ts'
import { Caller, clientLine, makeFleet } from '../harness/fleet.ts'
import { newSecret, SECRET } from '../harness/model.ts'
import { type Node, type Nodes, startNodes } from '../harness/nodes.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { runTessera } from '../harness/program.ts'
import { applyTo } from '../harness/server.ts'
import { startTraffic } from '../harness/traffic.ts'
import { A_SECOND, until } from '../harness/until.ts'

const fleet = await makeFleet()
const successor = newSecret()
const MANIFEST = `${fleet.manifest}${clientLine('changing')}  - client_id: rotating
    scopes: [edit]
    credentials: [{ secret: ${SECRET}, label: old }, { secret: ${successor}, label: new }]
`

let postgres: TestPostgres
let nodes: Nodes
const agent = new Agent({ keepAlive: true })
beforeAll(async () => {
  postgres = await startPostgres()
  nodes = await startNodes({
    count: 3,
    storage: await postgres.newSchema(),
    manifest: MANIFEST,
    // On a busy machine a database call, and so a request under way, may take longer than a second. The balancer asks for the readiness
    // ten times a second, if it gets the processor. Neither is a fault of a restart.
    env: {
      TESSERA_SHUTDOWN_DELAY: '3',
      TESSERA_SHUTDOWN_TIMEOUT: '20',
      TESSERA_STORAGE_REQUEST_TIMEOUT: '20000',
    },
  })
})
afterAll(async () => {
  agent.destroy()
  await nodes.stop()
  await postgres.stop()
})

const at = ({ url }: { readonly url: string }) => new Caller(url, agent)
const behind = () => ({ url: nodes.issuer })
const kidOf = (token: string): string => decodeProtectedHeader(token).kid ?? ''
async function publishedAt({ url }: Node): Promise<readonly string[]> {
  const { keys } = (await (await fetch(`${url}/pf/JWKS`)).json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid)
}

/** Requires that `check` holds at every node within a second. */
async function expectSoon(check: (node: Node) => Promise<boolean>): Promise<void> {
  const times = await Promise.all(nodes.nodes.map((node) => until(() => check(node))))
  expect(Math.max(...times)).toBeLessThan(A_SECOND)
}

async function command<Printed>(...args: string[]): Promise<Printed> {
  const { code, stdout, stderr } = await runTessera([...args, '--json'], nodes.env)
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

describe('a change at one node is honoured at all within a second', () => {
  test('a client', async () => {
    for (const node of nodes.nodes) expect((await at(node).ask('changing')).status).toBe(200)
    await applyTo(nodes.config, MANIFEST.replace('client_id: changing,', 'client_id: changing, enabled: false,'))
    await expectSoon(async (node) => (await at(node).ask('changing')).status === 401)
  })

  test('a revoked credential, while its sibling stays valid', async () => {
    for (const node of nodes.nodes) expect((await at(node).ask('rotating')).status).toBe(200)
    const listed = await command<{ id: string; label: string }[]>('credentials', 'list', 'rotating')
    const old = listed.find(({ label }) => label === 'old')?.id ?? ''
    await command('credentials', 'revoke', 'rotating', old, '--yes')
    await expectSoon(async (node) => (await at(node).ask('rotating')).status === 401)
    for (const node of nodes.nodes) expect((await at(node).ask('rotating', successor)).status).toBe(200)
  })

  test('a revoked token', async () => {
    const [first = behind()] = nodes.nodes
    const token = await at(behind()).token()
    for (const node of nodes.nodes) expect(await at(node).isActive(token)).toBe(true)
    expect((await at(first).revoke(token)).status).toBe(200)
    await expectSoon(async (node) => !(await at(node).isActive(token)))
  })

  test('a rotated key: all nodes publish it before one signs with it, and then all do', async () => {
    const old = await at(behind()).token()
    const [{ kid: next = '', active_at = '' } = {}] = await command<{ kid: string; active_at: string }[]>(
      'keys',
      'rotate',
      '--now',
    )
    await expectSoon(async (node) => (await publishedAt(node)).includes(next))
    await sleep(Date.parse(active_at) - Date.now())
    await expectSoon(async (node) => kidOf(await at(node).token()) === next)
    for (const node of nodes.nodes) expect(await at(node).isActive(old)).toBe(true)
  })

  test('a revoked key, with all tokens that it has signed', async () => {
    const token = await at(behind()).token()
    for (const node of nodes.nodes) expect(await at(node).isActive(token)).toBe(true)
    await command('keys', 'revoke', kidOf(token), '--yes')
    await expectSoon(async (node) => !(await at(node).isActive(token)))
    await expectSoon(async (node) => !(await publishedAt(node)).includes(kidOf(token)))
  })
})

test('an assertion that is sent to all nodes at once succeeds exactly once', async () => {
  const rounds = extent(20, 500)
  const outcomes: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const assertion = await fleet.assert(nodes.issuer)
    const sent = [...nodes.nodes, ...nodes.nodes].map((node) => at(node).present(assertion))
    const statuses = (await Promise.all(sent)).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([200, 401, 401, 401, 401, 401])
    outcomes.push(...statuses)
  }
  report('one assertion to all at once', { assertions: rounds, requests: outcomes.length, succeeded: rounds })
})

test('a rolling restart under load fails no request', async () => {
  const over = new Agent({ keepAlive: true, maxSockets: 16 })
  const token = await at(behind()).token()
  const through = new Caller(nodes.issuer, over)
  const sends = [
    () => through.ask(),
    () => through.introspect(token),
    async () => through.revoke(await through.token()),
    async () => through.present(await fleet.assert(nodes.issuer)),
  ]
  const traffic = startTraffic(
    async (n) => {
      const { status, body } = (await sends[n % sends.length]?.()) ?? { status: 0, body: '' }
      return status === 200 && !body.includes('"active":false') ? 'ok' : `${status} ${body}`
    },
    // The short form needs requests under way at any time, not all that the processors can send.
    { concurrency: 16, pause: extent(50, 0) },
  )
  const wanted = extent(500, 20_000)
  let restarts = 0
  do {
    for (const node of nodes.nodes) {
      await node.restart()
      restarts += 1
    }
  } while (traffic.samples.length < wanted)
  await traffic.stop()
  over.destroy()
  report('rolling restart', { restarts, requests: traffic.samples.length, ...traffic.outcomes() })
  expect(Object.keys(traffic.outcomes())).toEqual(['ok'])
  for (const given of nodes.balancer.given) expect(given).toBeGreaterThan(0)
}, 600_000)
