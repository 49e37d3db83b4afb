import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningCommand, startTessera, tessera } from '../../harness/cli.ts'
import { freePort } from '../../harness/port.ts'

const run = promisify(execFile)

let data: string
let env: Record<string, string>
let issuer: string
let command: RunningCommand
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'tessera-dev-'))
  const port = await freePort()
  issuer = `https://localhost:${port}`
  env = { TESSERA_DATA: data, TESSERA_RUNTIME_PORT: String(port), TESSERA_ADMIN_PORT: String(await freePort()) }
  command = startTessera(['dev'], env)
  await command.printed(/Ctrl\+C stops it/)
})
afterAll(async () => {
  await command.stop()
  rmSync(data, { recursive: true })
})

const suggested = () => /curl [\s\S]*token\.oauth2/.exec(command.output())?.[0] ?? ''
const ca = () => join(data, 'tls', 'ca.pem')

describe('tessera dev', () => {
  test('says that it is for development, and where it listens', () => {
    expect(command.output()).toContain('DEVELOPMENT ONLY')
    expect(command.output()).toContain(issuer)
    expect(command.output()).toContain(`https://localhost:${env['TESSERA_ADMIN_PORT']}/healthz`)
  })

  test('suggests a curl command that works when pasted', async () => {
    const { stdout } = await run('sh', ['-c', `${suggested()} --silent`])
    expect(JSON.parse(stdout)).toMatchObject({ token_type: 'Bearer', expires_in: 14400, scope: 'edit' })
  })

  test('answers the request of the guide, verbatim', async () => {
    const { stdout } = await run('curl', [
      ...['--silent', '--include', '--cacert', ca(), '--request', 'POST', `${issuer}/as/token.oauth2`],
      ...['--header', 'Content-Type: application/x-www-form-urlencoded'],
      ...['--header', 'Authorization: Basic Y2NfY2xpZW50OjJGZWRlcmF0ZQ=='],
      ...['--data', 'grant_type=client_credentials&scope=edit'],
    ])
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(stdout).toMatch(/^content-type: application\/json;charset=UTF-8\r$/im)
    expect(stdout).toMatch(/"token_type":"Bearer","expires_in":14400,/)
    expect(stdout).not.toContain('refresh_token')
  })

  test('keeps its keys and its database private, and lets others read its certificates', () => {
    const modeOf = (file: string) => statSync(join(data, file)).mode & 0o777
    const own = ['master.key', 'tls/key.pem', 'tls/ca-key.pem', 'tessera.db', 'tessera.db-wal', 'tessera.db-shm']
    for (const file of own) expect([file, modeOf(file)]).toEqual([file, 0o600])
    for (const file of ['tls/ca.pem', 'tls/cert.pem']) expect([file, modeOf(file)]).toEqual([file, 0o644])
    expect([modeOf('.'), modeOf('tls')]).toEqual([0o711, 0o755])
  })

  test('serves health on the admin listener, and no OAuth endpoint there', async () => {
    const admin = `https://localhost:${env['TESSERA_ADMIN_PORT']}`
    const get = async (path: string) => (await run('curl', ['--silent', '--cacert', ca(), `${admin}${path}`])).stdout
    expect(await get('/healthz')).toBe('{"status":"ok"}')
    expect(await get('/readyz')).toBe('{"status":"ok"}')
    expect(await get('/as/token.oauth2')).toContain('no such endpoint')
  })

  test('names the problem and the remedy when a second one starts on the same ports', async () => {
    const { code, stderr } = await tessera(['dev'], { env })
    expect(code).toBe(1)
    const wanted = ['RUNTIME', 'ADMIN'].map(
      (name) => `port ${env[`TESSERA_${name}_PORT`]} is in use: .*TESSERA_${name}_PORT`,
    )
    expect(stderr).toMatch(new RegExp(`^tessera: 2 mistakes:\n  ${wanted.join('\n  ')}\n$`))
  })

  test('keeps certificate, keys and changes over a restart', async () => {
    const before = readFileSync(ca(), 'utf8')
    const changed =
      'clients: [{ client_id: cc_client, name: Mine, scopes: [edit], credentials: [{ secret: changed by hand }] }]'
    expect((await tessera(['apply', '-f', '-', '--allow-destroy'], { env, input: changed })).stdout).toContain(
      '~ client cc_client',
    )
    expect(await command.stop('SIGINT')).toBe(0)
    command = startTessera(['dev'], env)
    await command.printed(/Ctrl\+C stops it/)
    expect(readFileSync(ca(), 'utf8')).toBe(before)
    const ask = (secret: string) =>
      tessera(['token', '--issuer', issuer, '--client-id', 'cc_client', '--ca', ca()], { env, input: secret })
    expect(await ask('changed by hand')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ey/) })
    expect(await ask('2Federate')).toMatchObject({ code: 4, stderr: expect.stringContaining('invalid_client') })
  })
})

test('tessera dev behind a proxy suggests a curl command in plain HTTP that works when pasted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-dev-plain-'))
  const plain = startTessera(['dev'], {
    TESSERA_DATA: folder,
    TESSERA_RUNTIME_PORT: String(await freePort()),
    TESSERA_ADMIN_PORT: String(await freePort()),
    TESSERA_RUNTIME_TLS: 'off',
    TESSERA_RUNTIME_TRUSTED_PROXIES: '127.0.0.1,::1',
  })
  try {
    await plain.printed(/Ctrl\+C stops it/)
    const line = /curl [\s\S]*token\.oauth2/.exec(plain.output())?.[0] ?? ''
    expect(line).toMatch(/ http:\/\/localhost:\d+\/as\/token\.oauth2$/)
    const { stdout } = await run('sh', ['-c', `${line} --silent`])
    expect(JSON.parse(stdout)).toMatchObject({ token_type: 'Bearer', scope: 'edit' })
  } finally {
    await plain.stop()
    rmSync(folder, { recursive: true })
  }
})
