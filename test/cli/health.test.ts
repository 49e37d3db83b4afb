import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { environmentOf, startTessera } from '../harness/cli.ts'
import { freePort } from '../harness/port.ts'
import { runTessera } from '../harness/program.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { type SqliteCalls, takeOverSqlite } from '../harness/sqlite-calls.ts'
import { until } from '../harness/until.ts'

let calls: SqliteCalls
let server: TestServer
beforeAll(async () => {
  calls = takeOverSqlite()
  server = await startTestServer()
})
afterAll(async () => {
  calls.restore()
  await server.stop()
})

const port = () => ['--admin-port', String(server.config.admin.port)]

test('a server answers over TLS, at the address of its configuration', async () => {
  const healthy = { code: 0, stdout: 'ok\n', stderr: '' }
  expect(await runTessera(['health', ...port()])).toEqual(healthy)
  expect(await runTessera(['health', '--ready', ...port(), '--admin-host', '0.0.0.0'])).toEqual(healthy)
})

test('mistakes in options that say nothing about the address are ignored', async () => {
  expect((await runTessera(['health', ...port(), '--token-lifetime', 'long'])).code).toBe(0)
  const { code, stderr } = await runTessera(['health', '--admin-port', 'nine'])
  expect(code).toBe(1)
  expect(stderr).toBe('tessera: --admin-port is "nine": must be a whole number\n')
})

test('the address of a server on IPv6 is shown in brackets', async () => {
  const at = { runtime: String(await freePort()), admin: String(await freePort()) }
  const env = { TESSERA_RUNTIME_HOST: '::', TESSERA_RUNTIME_PORT: at.runtime, TESSERA_ADMIN_PORT: at.admin }
  const command = startTessera(['serve', '--admin-host', '::1'], environmentOf(server.config, env))
  try {
    await command.printed(/health is on/)
    expect(command.output()).toContain(`is served on https://[::]:${at.runtime}\n`)
    expect(command.output()).toContain(`health is on https://[::1]:${at.admin}/healthz\n`)
    const there = ['--admin-host', '::1', '--admin-port']
    expect((await runTessera(['health', ...there, at.admin])).code).toBe(0)
    const { stderr } = await runTessera(['health', ...there, String(await freePort())])
    expect(stderr).toContain('no Tessera server answers at https://[::1]:')
  } finally {
    await command.stop()
  }
})

test('a server without its database is alive, but not ready', async () => {
  calls.setReadOnly(true)
  try {
    const ready = () => runTessera(['health', '--ready', ...port()])
    await until(async () => (await ready()).code === 1)
    expect(await ready()).toEqual({
      code: 1,
      stdout: '',
      stderr: 'tessera: the database does not accept writes\n',
    })
    expect((await runTessera(['health', ...port()])).code).toBe(0)
  } finally {
    calls.setReadOnly(false)
  }
})

test.each([
  ['no state', 200, '{}'],
  ['a state that its code contradicts', 200, '{"status":"unavailable"}'],
  ['reasons that are no texts', 503, '{"status":"unavailable","reasons":[{"toString":1,"valueOf":1}]}'],
])('a program that answers with %s is no server', async (_what, code, body) => {
  const other = createServer((_request, response) => response.writeHead(code, { 'x-request-id': 'x' }).end(body))
  await new Promise<void>((resolve) => other.listen(0, 'localhost', resolve))
  try {
    const at = String(Object(other.address()).port)
    const { stderr } = await runTessera(['health', '--ready', '--runtime-tls', 'off', '--admin-port', at])
    expect(stderr).toContain(`no Tessera server answers at http://localhost:${at}`)
  } finally {
    other.close()
  }
})

test('without TLS the question is plain HTTP, and another program is no server', async () => {
  const other = createServer((_request, response) => response.end('{"status":"ok"}'))
  const asked = new Promise<string | undefined>((resolve) => other.once('request', ({ url }) => resolve(url)))
  await new Promise<void>((resolve) => other.listen(0, 'localhost', resolve))
  const address = other.address()
  const otherPort = typeof address === 'object' ? address?.port : undefined
  try {
    const { code, stderr } = await runTessera(['health', '--runtime-tls', 'off', '--admin-port', String(otherPort)])
    expect([code, await asked]).toEqual([1, '/healthz'])
    expect(stderr).toContain(`no Tessera server answers at http://localhost:${otherPort}`)
  } finally {
    other.close()
  }
})
