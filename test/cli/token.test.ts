import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { MODEL, SECRET } from '../harness/model.ts'
import { runTessera } from '../harness/program.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { makeCertificate, sendJson, startSource } from '../harness/source.ts'
import { until } from '../harness/until.ts'

const run = promisify(execFile)

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL })
})
afterAll(() => server.stop())

const token = (
  args: readonly string[],
  { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = { input: SECRET },
) =>
  runTessera(
    [
      'token',
      ...(args.includes('--issuer') ? [] : ['--issuer', server.issuer]),
      '--client-id',
      'batch',
      '--ca',
      inject('tls').ca,
      ...args,
    ],
    env,
    input,
  )

describe('tessera token', () => {
  const scope = ['--scope', 'edit']

  test('prints only the token; the secret comes from standard input', async () => {
    const { code, stdout } = await token(scope)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  })

  test('a line end after the secret isn’t part of it', async () => {
    expect((await token(scope, { input: `${SECRET}\n` })).code).toBe(0)
  })

  test('the secret comes from the environment', async () => {
    expect((await token([...scope, '--secret-env', 'MY_SECRET'], { env: { MY_SECRET: SECRET } })).code).toBe(0)
  })

  test('the secret comes from a file', async () => {
    const file = join(server.folder, 'secret')
    writeFileSync(file, `${SECRET}\n`, { mode: 0o600 })
    expect((await token([...scope, '--secret-file', file], {})).code).toBe(0)
  })

  test('has no option for the secret itself', async () => {
    expect(await token(['--client-secret', SECRET])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('unknown option'),
    })
  })

  test('--decode', async () => {
    const { stdout } = await token([...scope, '--decode'])
    expect(JSON.parse(stdout)).toMatchObject({
      header: { alg: 'ES256', typ: 'at+jwt' },
      claims: { iss: server.issuer, client_id: 'batch', scope: 'edit' },
    })
  })

  test('--decode rejects a token that isn’t a signed JWT', async () => {
    const certificate = await makeCertificate('localhost')
    const source = await startSource(certificate, (request, response) =>
      sendJson(response, {
        ...(request.url === '/token'
          ? { access_token: 'a.b.c.d.e', token_type: 'Bearer' }
          : { issuer: `https://localhost:${source.port}`, token_endpoint: `https://localhost:${source.port}/token` }),
      }),
    )
    const ca = join(server.folder, 'other-ca.pem')
    writeFileSync(ca, certificate.cert)
    const options = ['--issuer', `https://localhost:${source.port}`, '--client-id', 'batch', '--ca', ca, '--decode']
    const { code, stderr } = await runTessera(['token', ...options], {}, SECRET)
    await source.stop()
    expect([code, stderr]).toEqual([
      1,
      'tessera: the token is not a signed JWT that can be decoded (it is encrypted (RFC 7516): only its recipient can read it)\n',
    ])
  })

  test('--json, --resource and --auth-method', async () => {
    const { stdout } = await token([
      '--json',
      '--resource',
      'https://vault.example.com',
      '--auth-method',
      'client_secret_post',
    ])
    expect(JSON.parse(stdout)).toEqual({
      access_token: expect.any(String),
      // As on the wire: the library itself uses lower case.
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'read vault:open',
    })
  })

  test('--json with --decode prints both', async () => {
    const { stdout } = await token([...scope, '--json', '--decode'])
    expect(JSON.parse(stdout)).toMatchObject({
      access_token: expect.any(String),
      token_type: 'Bearer',
      decoded: { header: { alg: 'ES256' }, claims: { iss: server.issuer, scope: 'edit' } },
    })
  })

  test.each(['client_secret_basic', 'client_secret_post'])(
    '--curl with %s prints a command that works, without the secret',
    async (method) => {
      const { stdout } = await token([...scope, '--curl', '--auth-method', method], {})
      expect(stdout).toMatch(/^curl /)
      expect(stdout).not.toContain(SECRET)
      const answer = await run('sh', ['-c', `${stdout.trim()} --silent`], {
        env: { ...process.env, CLIENT_SECRET: SECRET },
      })
      expect(JSON.parse(answer.stdout)).toMatchObject({ scope: 'edit' })
    },
  )

  test('a refusal is one line: the code, the description, the request id', async () => {
    const { code, stdout, stderr } = await token(scope, { input: 'wrong' })
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toMatch(
      /^tessera: invalid_client: Invalid client or client credentials \(request [0-9a-f-]{36}\)\n$/,
    )
  })

  test.each([
    ['no secret', 1, [], { input: '' }, /standard input has no client secret/],
    ['a missing variable', 1, ['--secret-env', 'NOT_THERE'], {}, /the environment has no NOT_THERE/],
    [
      'a missing file',
      1,
      ['--secret-file', '/no-such-folder/secret'],
      {},
      /\/secret can't be read: there is no such file/,
    ],
    [
      'an unknown method',
      2,
      ['--auth-method', 'magic'],
      { input: 'x' },
      /--auth-method must be one of client_secret_basic/,
    ],
    [
      'an issuer that does not listen',
      1,
      ['--issuer', 'https://localhost:2'],
      { input: 'x' },
      /https:\/\/localhost:2: nothing listens there/,
    ],
  ] as const)('%s', async (_name, exitCode, args, options, message) => {
    const { code, stderr } = await token(args, options)
    expect(code).toBe(exitCode)
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

describe('tessera audit tail', () => {
  const tail = (...args: string[]) => runTessera(['audit', 'tail', ...args], { TESSERA_STORAGE: server.config.storage })

  test('prints events as lines that no outside text can break', async () => {
    const response = await server.token(
      { grant_type: 'client_credentials', client_id: 'y\u202ey', client_secret: 'z' },
      { 'user-agent': 'a\tb' },
    )
    const requestId = response.headers.get('x-request-id') ?? ''
    await server.audit(requestId)
    const { stdout } = await tail('--request-id', requestId)
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(stdout).toContain('reason=unknown_client')
    expect(stdout).toContain('client_id=y\\u202ey')
    expect(stdout).toContain('user_agent="a\\tb"')
  })

  test('--client, -n and --json', async () => {
    await token(['--scope', 'edit'])
    await token(['--scope', 'nothing'])
    const latest = () => tail('--client', 'batch', '-n', '2', '--json')
    await until(async () => (await latest()).stdout.includes('scope_not_allowed'))
    const { stdout } = await latest()
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(events).toMatchObject([
      { type: 'token.issue', result: 'success', client_id: 'batch' },
      {
        type: 'token.issue',
        result: 'refused',
        reason: 'scope_not_allowed',
        client_id: 'batch',
        detail: { refused: ['nothing'] },
      },
    ])
    expect(stdout).not.toContain(SECRET)
  })

  test('an invalid count', async () => {
    expect(await tail('-n', 'all')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--lines must be a number'),
    })
  })
})

test('tessera config check reports the errors that serve would', async () => {
  const { config } = server
  const env = {
    TESSERA_ISSUER: config.issuer,
    TESSERA_STORAGE: config.storage,
    TESSERA_MASTER_KEY: config.masterKey.toString('base64'),
    TESSERA_TLS_CERT: inject('tls').cert,
    TESSERA_TLS_KEY: inject('tls').key,
  }
  expect(await runTessera(['config', 'check'], env)).toMatchObject({
    code: 0,
    stdout: `ok: ${config.issuer} on ${config.storage}\n`,
  })
  for (const command of [['config', 'check'], ['serve']]) {
    const outcome = await runTessera([...command, '--runtime-tls', 'off'], env)
    expect(outcome).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tessera: runtime\.tls is "off": name the proxy .*\n$/),
    })
  }
})
