import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimsOf, formOf } from '../client-auth/assertions.ts'
import { tessera } from '../harness/cli.ts'
import { extent, report } from '../harness/extent.ts'
import { newSecret, SECRET } from '../harness/model.ts'
import { type Node, type Nodes, startNodes } from '../harness/nodes.ts'
import { type Answer, postOver } from '../harness/post.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { applyTo, basic } from '../harness/server.ts'
import { startTraffic } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'
import { makeSigner, signWith } from '../jws/tokens.ts'

const robot = await makeSigner('ES256')
const successor = newSecret()
const one = `credentials: [{ secret: ${SECRET} }]`
const MANIFEST = `
apis: [{ audience: "https://api.example.com", scopes: [{ name: edit }] }]
clients:
  - { client_id: caller, scopes: [edit], ${one} }
  - { client_id: changing, scopes: [edit], ${one} }
  - { client_id: rotating, scopes: [edit], credentials: [{ secret: ${SECRET}, label: old }, { secret: ${successor}, label: new }] }
  - { client_id: robot, scopes: [edit], credentials: [{ jwks: ${JSON.stringify({ keys: [robot.publicJwk] })} }] }
  - { client_id: watcher, introspects: all, ${one} }
`
const GRANT = { grant_type: 'client_credentials', scope: 'edit' }

let postgres: TestPostgres
let nodes: Nodes
const agent = new Agent({ keepAlive: true })
beforeAll(async () => {
  postgres = await startPostgres()
  nodes = await startNodes({
    count: 3,
    storage: await postgres.newSchema(),
    manifest: MANIFEST,
    env: { TESSERA_SHUTDOWN_DELAY: '1' },
  })
})
afterAll(async () => {
  agent.destroy()
  await nodes.stop()
  await postgres.stop()
})

const ask = (at: string, client: string, secret = SECRET, over = agent): Promise<Answer> =>
  postOver(over, `${at}/as/token.oauth2`, GRANT, basic(client, secret))
const introspect = (at: string, token: string, over = agent): Promise<Answer> =>
  postOver(over, `${at}/as/introspect.oauth2`, { token }, basic('watcher', SECRET))

const tokenOf = ({ body }: Answer): string => JSON.parse(body).access_token
const isActive = async (at: string, token: string): Promise<boolean> =>
  JSON.parse((await introspect(at, token)).body).active

const kidOf = (token: string): string => decodeProtectedHeader(token).kid ?? ''
async function publishedAt(url: string): Promise<readonly string[]> {
  const { keys } = (await (await fetch(`${url}/pf/JWKS`)).json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid)
}

/** That it is so at every node within a second. */
async function expectSoon(check: (node: Node) => Promise<boolean>): Promise<void> {
  const times = await Promise.all(nodes.nodes.map((node) => until(() => check(node))))
  expect(Math.max(...times)).toBeLessThan(1_000)
}

async function command<Printed>(...args: string[]): Promise<Printed> {
  const { code, stdout, stderr } = await tessera([...args, '--json'], { env: nodes.env })
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

describe('what is changed at one is honoured at all within a second', () => {
  test('a client', async () => {
    for (const { url } of nodes.nodes) expect((await ask(url, 'changing')).status).toBe(200)
    await applyTo(nodes.config, MANIFEST.replace('client_id: changing,', 'client_id: changing, enabled: false,'))
    await expectSoon(async ({ url }) => (await ask(url, 'changing')).status === 401)
  })

  test('a credential that is revoked, while the one beside it goes on', async () => {
    for (const { url } of nodes.nodes) expect((await ask(url, 'rotating')).status).toBe(200)
    const listed = await command<{ id: string; label: string }[]>('credentials', 'list', 'rotating')
    const old = listed.find(({ label }) => label === 'old')?.id ?? ''
    await command('credentials', 'revoke', 'rotating', old)
    await expectSoon(async ({ url }) => (await ask(url, 'rotating')).status === 401)
    for (const { url } of nodes.nodes) expect((await ask(url, 'rotating', successor)).status).toBe(200)
  })

  test('a token that is revoked', async () => {
    const [first] = nodes.nodes
    const token = tokenOf(await ask(nodes.issuer, 'caller'))
    for (const { url } of nodes.nodes) expect(await isActive(url, token)).toBe(true)
    const path = `${first?.url}/as/revoke_token.oauth2`
    expect((await postOver(agent, path, { token }, basic('caller', SECRET))).status).toBe(200)
    await expectSoon(async ({ url }) => !(await isActive(url, token)))
  })

  test('a key that is rotated: all have it before one signs with it, and then all do', async () => {
    const old = tokenOf(await ask(nodes.issuer, 'caller'))
    const [{ kid: next = '', active_at = '' } = {}] = await command<{ kid: string; active_at: string }[]>(
      'keys',
      'rotate',
      '--now',
    )
    await expectSoon(async ({ url }) => (await publishedAt(url)).includes(next))
    await sleep(Date.parse(active_at) - Date.now())
    await expectSoon(async ({ url }) => kidOf(tokenOf(await ask(url, 'caller'))) === next)
    for (const { url } of nodes.nodes) expect(await isActive(url, old)).toBe(true)
  })

  test('a key that is revoked, with all that it has signed', async () => {
    const token = tokenOf(await ask(nodes.issuer, 'caller'))
    for (const { url } of nodes.nodes) expect(await isActive(url, token)).toBe(true)
    await command('keys', 'revoke', kidOf(token))
    await expectSoon(async ({ url }) => !(await isActive(url, token)))
    await expectSoon(async ({ url }) => !(await publishedAt(url)).includes(kidOf(token)))
  })
})

test('one assertion that is sent to all at once succeeds exactly once', async () => {
  const rounds = extent(20, 500)
  const outcomes: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const now = Math.floor(Date.now() / 1000)
    const assertion = await signWith(robot, claimsOf(nodes.issuer, 'robot', now))
    const sent = [...nodes.nodes, ...nodes.nodes].map(({ url }) =>
      postOver(agent, `${url}/as/token.oauth2`, formOf(assertion, GRANT)),
    )
    const statuses = (await Promise.all(sent)).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([200, 401, 401, 401, 401, 401])
    outcomes.push(...statuses)
  }
  report('one assertion to all at once', { assertions: rounds, requests: outcomes.length, succeeded: rounds })
})

test('a rolling restart under load fails no request', async () => {
  const over = new Agent({ keepAlive: true, maxSockets: 16 })
  const token = tokenOf(await ask(nodes.issuer, 'caller'))
  const sends = [
    () => ask(nodes.issuer, 'caller', SECRET, over),
    () => introspect(nodes.issuer, token, over),
    async () => {
      const revoked = tokenOf(await ask(nodes.issuer, 'caller', SECRET, over))
      return postOver(over, `${nodes.issuer}/as/revoke_token.oauth2`, { token: revoked }, basic('caller', SECRET))
    },
  ]
  const traffic = startTraffic(
    async (n) => {
      const { status, body } = (await sends[n % sends.length]?.()) ?? { status: 0, body: '' }
      return status === 200 && !body.includes('"active":false') ? 'ok' : `${status} ${body}`
    },
    { concurrency: 16 },
  )
  const wanted = extent(2_000, 20_000)
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
