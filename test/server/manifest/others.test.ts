import { rmSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startServer } from '../../../src/server/server.ts'
import { administrator, callsAs } from '../../harness/admin.ts'
import { collectLog } from '../../harness/log.ts'
import { sharedPostgres } from '../../harness/postgres.ts'
import { startBeside } from '../../harness/second-server.ts'
import { applyTo, startTestServer, type TestServer, testConfig } from '../../harness/server.ts'
import { until } from '../../harness/until.ts'
import {
  clientOf,
  loggedIn,
  manifestOf,
  newFolder,
  serve,
  stateOf,
  tokenStatus,
  untilToken,
  untilUpToDate,
} from './setting.ts'

const BAD = 'clients: [{ client_id: job, nothing: 1 }]'

describe('a server whose files are bad when it starts', () => {
  test('does not start on a database without clients and APIs, and names every mistake', async () => {
    const folder = newFolder({ 'bad.yaml': BAD })
    const { config, folder: data } = await testConfig({ manifest: folder.path })
    onTestFinished(() => rmSync(data, { recursive: true }))
    const { log } = collectLog()
    await expect(startServer(config, { log })).rejects.toThrow(/bad\.yaml:1:29: clients\[0\]\.nothing: /)
    folder.write('bad.yaml', manifestOf('job'))
    const server = await startServer(config, { log })
    await server.stop()
  })

  test('serves the state of before, so that a bad file stops no fleet', async () => {
    const folder = newFolder({ 'job.yaml': BAD })
    const { server, logged } = await serve(folder, {}, `manifest: files\n${manifestOf('job')}`)
    expect(await tokenStatus(server, 'job')).toBe(200)
    expect(await stateOf(server.admin)).toMatchObject({ upToDate: 0, appliedAt: undefined, status: 200 })
    expect(logged(/refused/)).toHaveLength(1)
    folder.write('job.yaml', manifestOf('job', 'second'))
    await untilToken(server, 'second')
  })
})

describe('what the files own', () => {
  const MANIFEST = `manifest: payments\n${manifestOf('job')}`
  const startWith = async () => {
    const folder = newFolder({ 'job.yaml': MANIFEST })
    const admin = `clients:${administrator('root', ['clients:read', 'clients:write', 'clients:delete', 'apis:read', 'apis:write', 'apis:delete', 'plans:read', 'plans:write', 'credentials:write', 'credentials:delete'])}`
    const served = await serve(folder, {}, admin)
    return { ...served, folder, call: await callsAs(served.server, 'root') }
  }
  const kept = { status: 409, body: { detail: expect.stringContaining('kept by the files of this server') } }
  const change = { body: { name: 'x' }, headers: { 'content-type': 'application/merge-patch+json', 'if-match': '*' } }

  test('is read-only in the admin API, even with take_over, and in plans of its name', async () => {
    const { call } = await startWith()
    for (const query of ['', '?take_over=true']) {
      expect(await call('PATCH', `/clients/job${query}`, change)).toMatchObject(kept)
      expect(await call('DELETE', `/clients/job${query}`, { headers: { 'if-match': '*' } })).toMatchObject(kept)
    }
    const named = { manifest: `manifest: payments\n${manifestOf('job', 'new')}`, prune: true }
    expect(await call('POST', '/plans', { body: named })).toMatchObject(kept)
    const other = { manifest: `manifest: other\nclients: [{ client_id: job, name: x }]`, take_over: true }
    expect(await call('POST', '/plans', { body: other })).toMatchObject({
      status: 200,
      body: { conflicts: [expect.stringContaining('kept by the files of this server')] },
    })
    expect((await call('GET', '/clients/job')).body).toMatchObject({ status: { manifest: 'payments' } })
  })

  test('can still be disabled, and its credentials can be rotated', async () => {
    const { call, server, folder, logged } = await startWith()
    const disabled = { ...change, body: { enabled: false } }
    expect(await call('PATCH', '/clients/job', disabled)).toMatchObject({ status: 200 })
    folder.write('second.yaml', `clients: [${clientOf('second')}]`)
    await untilToken(server, 'second')
    expect(await tokenStatus(server, 'job')).toBe(401)
    expect(logged(/may have mistakes/)).toMatchObject([{ warnings: [expect.stringContaining('stays disabled')] }])
  })

  test('is restored if a command changes it on the database, and the log says so', async () => {
    const { server, call, logged } = await startWith()
    await server.apply(MANIFEST.replace('client_id: job,', 'client_id: job, name: strange,'))
    await expect
      .poll(() => logged(/others had changed/), { timeout: 20_000 })
      .toMatchObject([{ level: 40, first: [{ action: 'update', kind: 'client', id: 'job' }] }])
    expect((await call('GET', '/clients/job')).body).not.toHaveProperty('name')
    expect(await stateOf(server.admin)).toMatchObject({ upToDate: 1 })
  })

  test('is not restored without consent if that ends a client', async () => {
    const { server, logged } = await startWith()
    await server.apply(`manifest: payments\nclients: [${clientOf('strange')}]`)
    await untilUpToDate(server.admin, 0)
    expect(logged(/refused/)).toMatchObject([{ mistakes: [expect.stringContaining('this would end 1 client.')] }])
    expect(await tokenStatus(server, 'strange')).toBe(200)
  })
})

describe.each([
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ storage: await (await sharedPostgres()).newMigrated() })],
])('two servers of one database, %s', (_, storage) => {
  test('apply a change once', async () => {
    const folder = newFolder({ 'job.yaml': manifestOf('job') })
    const { server } = await serve(folder, await storage())
    const { log, lines } = collectLog()
    const second = await startBeside(server, { log })
    onTestFinished(() => second.stop())
    folder.write('job.yaml', manifestOf('job', 'new'))
    await untilToken(server, 'new')
    await until(async () => (await tokenStatus(at(second.url), 'new')) === 200)
    await until(async () => (await stateOf(second.admin)).upToDate === 1)
    const events = (await server.audit()).filter(({ type }) => type === 'manifest.apply')
    expect(events).toHaveLength(2)
    expect(loggedIn(lines)(/refused|restored/)).toEqual([])
  })

  test('do not undo each other if their files differ: those that were applied last stay', async () => {
    const folder = newFolder({ 'job.yaml': manifestOf('job') })
    const { server, logged } = await serve(folder, await storage())
    const newer = newFolder({ 'job.yaml': manifestOf('job', 'new') })
    const second = await startBeside(server, { manifest: [newer.path] })
    onTestFinished(() => second.stop())
    await untilUpToDate(server.admin, 0)
    expect(logged(/refused/)).toMatchObject([{ mistakes: [expect.stringContaining('another server has applied')] }])
    expect(await stateOf(second.admin)).toMatchObject({ upToDate: 1 })
    expect(await tokenStatus(server, 'new')).toBe(200)
    folder.write('job.yaml', manifestOf('job', 'new'))
    await untilUpToDate(server.admin, 1)
    expect((await server.audit()).filter(({ type }) => type === 'manifest.apply')).toHaveLength(2)
  })
})

const at = (url: string): Pick<TestServer, 'token'> => ({
  token: (form, headers = {}) =>
    fetch(`${url}/as/token.oauth2`, {
      method: 'POST',
      body: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    }),
})

test('a server without `manifest` has no such metric, and no notes', async () => {
  const server = await startTestServer()
  onTestFinished(() => server.stop())
  expect(await stateOf(server.admin)).toMatchObject({ upToDate: undefined, body: { status: 'ok' } })
  await applyTo(server.config, manifestOf('job'))
  expect((await stateOf(server.admin)).body).not.toHaveProperty('notes')
})
