import { rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { afterEach, expect, test } from 'vitest'
import { StorageUnavailable } from '../../../src/platform/storage-unavailable.ts'
import { version } from '../../../src/platform/version.ts'
import { openStore } from '../../../src/store/open.ts'
import { administrator, callsAs } from '../../harness/admin.ts'
import { environmentOf, startTessera } from '../../harness/cli.ts'
import { openRows } from '../../harness/rows.ts'
import { startBeside } from '../../harness/second-server.ts'
import { applyTo, basic, startTestServer, type TestServer, testConfig } from '../../harness/server.ts'
import { until } from '../../harness/until.ts'

const MANIFEST = `apis: [{ audience: "https://api", scopes: [{ name: edit }] }]
clients:${administrator('watcher', ['settings:read', 'keys:read'])}${administrator('other', ['clients:read'])}
  - { client_id: job, scopes: [edit], credentials: [{ secret: secret of job }], grants: [{ api: "https://api", scopes: [edit] }] }`

const running: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop()
})

async function start(options: Parameters<typeof startTestServer>[0] = {}) {
  const server = await startTestServer({ manifest: MANIFEST, ...options })
  running.push(server)
  return { server, call: await callsAs(server, 'watcher') }
}

const nodesOf = async ({ call }: Pick<Awaited<ReturnType<typeof start>>, 'call'>) => {
  const { status, body } = await call('GET', '/nodes')
  expect(status).toBe(200)
  return body.items
}

const askAsJob = (server: Pick<TestServer, 'token'>) =>
  server.token({ grant_type: 'client_credentials', resource: 'https://api' }, basic('job', 'secret of job'))

test('a server lists itself as soon as it has started, with the keys that it can use', async () => {
  const started = await start()
  const { body: keys } = await started.call('GET', '/keys')
  const [node, ...others] = await nodesOf(started)
  expect(others).toEqual([])
  expect(node).toEqual({
    id: expect.stringMatching(/^[\w-]{16}$/),
    host: hostname(),
    version,
    started_at: expect.any(String),
    last_seen_at: expect.any(String),
    workers: 1,
    config_digest: expect.stringMatching(/^[0-9a-f]{16}$/),
    change_lag_ms: 0,
    keys_seen: keys.items.map(({ kid }: { readonly kid: string }) => kid),
    is_this: true,
    status: 'ok',
    requests: { per_minute: 0 },
  })
  expect(Math.abs(Date.parse(node.last_seen_at) - Date.now())).toBeLessThan(30_000)
})

test('takes settings:read', async () => {
  const { server } = await start()
  const call = await callsAs(server, 'other')
  expect(await call('GET', '/nodes')).toMatchObject({
    status: 403,
    body: { detail: expect.stringContaining('settings:read') },
  })
})

test('the requests of the last minute count, with their times, and probes do not', async () => {
  const started = await start()
  const { server } = started
  for (let asked = 0; asked < 3; asked += 1) expect((await askAsJob(server)).status).toBe(200)
  await fetch(`${server.issuer}/pf/heartbeat.ping`)
  // A reload stores the state at once.
  await server.reload(server.config)
  const [{ requests }] = await nodesOf(started)
  // The watcher has fetched a token, too.
  expect(requests).toEqual({
    per_minute: 4,
    latency_ms: { p50: expect.any(Number), p95: expect.any(Number), p99: expect.any(Number) },
  })
  const { p50, p95, p99 } = requests.latency_ms
  expect(p50).toBeGreaterThan(0)
  expect([p50, p95, p99]).toEqual([p50, p95, p99].toSorted((one, other) => one - other))
})

test('two servers on one database see each other; one that stops is gone', async () => {
  const started = await start()
  const second = await startBeside(started.server)
  const nodes = await nodesOf(started)
  expect(nodes.map(({ is_this: isThis }: { readonly is_this: boolean }) => isThis)).toEqual([true, false])
  // Their ports differ.
  expect(nodes[0].config_digest).toBe(nodes[1].config_digest)
  await second.stop()
  expect(await nodesOf(started)).toEqual([expect.objectContaining({ is_this: true })])
})

test('a server with other options has another digest, as soon as they are in force', async () => {
  const started = await start()
  const { server } = started
  const second = await startBeside(server)
  running.push(second)
  await server.reload({ ...server.config, token: { lifetime: 61 } })
  const [one, other] = await nodesOf(started)
  expect(one.config_digest).not.toBe(other.config_digest)
})

test('a node without a sign of life is stale, one that should get no requests is unavailable, and old rows go', async () => {
  const started = await start()
  const { server } = started
  const rows = openRows(server.config)
  const [{ id: own }] = await nodesOf(started)
  const add = (id: string, ago: number, problems: string) =>
    rows.run(
      `insert into node select ?, host, version, started_at, ?, json_set(state, '$.problems', json(?)) from node where id = ?`,
      id,
      Date.now() - ago,
      problems,
      own,
    )
  add('silent', 60_000, '[]')
  add('drained', 0, '["the server is shutting down"]')
  add('old', 3_700_000, '[]')
  add('ahead', -60_000, '[]')
  rows.close()
  const byId = async () =>
    new Map<string, unknown>((await nodesOf(started)).map((node: { id: string }) => [node.id, node]))
  expect((await byId()).get('silent')).toMatchObject({
    status: 'stale',
    reasons: [expect.stringMatching(/^the node has stored no state for 6\d s$/)],
  })
  expect((await byId()).get('ahead')).toMatchObject({
    status: 'stale',
    reasons: [expect.stringMatching(/^its last state is [56]\d s ahead of the clock here$/)],
  })
  expect((await byId()).get('drained')).toMatchObject({
    status: 'unavailable',
    reasons: ['the server is shutting down'],
  })
  expect((await byId()).has('old')).toBe(true)
  await server.reload(server.config)
  expect((await byId()).has('old')).toBe(false)
  expect((await byId()).has('silent')).toBe(true)
})

test('a server whose state cannot be stored starts, answers and stops as before', async () => {
  const away = async () => {
    throw new StorageUnavailable(new Error('away'))
  }
  const nodes = { putNode: away, removeNode: away, listNodes: away, removeOldNodes: away }
  const started = await start({ open: async (...given) => ({ ...(await openStore(...given)), nodes }) })
  expect((await askAsJob(started.server)).status).toBe(200)
  expect((await started.call('GET', '/nodes')).status).toBe(503)
  await expect(started.server.stopServer()).resolves.toBeUndefined()
})

test('the workers of a server are one node, with the requests of all', async () => {
  const { config, folder } = await testConfig()
  await applyTo(config, MANIFEST)
  const command = startTessera(['serve'], environmentOf(config, { TESSERA_WORKERS: '2' }))
  running.push({ stop: async () => rmSync(folder, { recursive: true }) }, { stop: () => command.stop('SIGKILL') })
  await command.printed(/is served on/)
  const url = `${config.issuer}/as/token.oauth2`
  const server: Pick<TestServer, 'admin' | 'token'> = {
    admin: `https://localhost:${config.admin.port}`,
    token: (form, headers = {}) => fetch(url, { method: 'POST', headers, body: new URLSearchParams(form) }),
  }
  for (let asked = 0; asked < 5; asked += 1) await (await askAsJob(server)).text()
  const started = { call: await callsAs(server, 'watcher') }
  // A reload stores the state at once.
  command.child.kill('SIGHUP')
  await until(async () => (await nodesOf(started))[0].requests.per_minute === 6)
  expect(await nodesOf(started)).toEqual([expect.objectContaining({ workers: 2, status: 'ok', change_lag_ms: 0 })])
})
