import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { clientsEnable } from '../../src/cli/clients.ts'
import { runCommand } from '../harness/command.ts'
import { newSecret } from '../harness/model.ts'
import { runTessera } from '../harness/program.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { makeCertificate, sendJson, startSource } from '../harness/source.ts'
import { makeSigner, signWith } from '../harness/tokens.ts'

const SECRET = newSecret()
const API = 'https://api.example.com'
const SEALED = 'https://sealed.example.com'

let server: TestServer
let env: Record<string, string>
beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis:
  - { audience: ${API}, scopes: [{ name: edit }] }
  - { audience: ${SEALED}, scopes: [{ name: open }], token: { format: sealed } }
clients:
${['job', 'off', 'revoked', 'one']
  .map((id) => `  - { client_id: ${id}, scopes: [edit, open], credentials: [{ secret: ${SECRET} }] }`)
  .join('\n')}
  - { client_id: api, introspects: ["${API}"], credentials: [{ secret: ${SECRET} }] }
  - { client_id: other, introspects: ["${SEALED}"], credentials: [{ secret: ${SECRET} }] }
`,
  })
  const { storage, issuer, masterKey } = server.config
  env = { TESSERA_STORAGE: storage, TESSERA_ISSUER: issuer, TESSERA_MASTER_KEY: masterKey.toString('base64') }
})
afterAll(() => server.stop())

async function issue(client: string, scope = 'edit'): Promise<string> {
  const response = await server.token({ grant_type: 'client_credentials', scope }, basic(client, SECRET))
  return ((await response.json()) as { access_token: string }).access_token
}
const tessera = (args: readonly string[], input = '', more: Record<string, string> = {}) =>
  runTessera(args, { ...env, ...more }, input)

describe('tessera decode', () => {
  test('prints header and claims, with times in words', async () => {
    const { code, stdout } = await tessera(['decode'], await issue('job'))
    expect(code).toBe(0)
    expect(stdout).toMatch(/^header\n {2}alg {2,}ES256\n/)
    expect(stdout).toMatch(/\n {2}client_id {2,}job\n/)
    expect(stdout).toMatch(/\n {2}exp {2,}\d+ {2}\(\d{4}-\S+Z, in 4 h\)\n/)
    expect(stdout).toMatch(/\n {2}iat {2,}\d+ {2}\(\d{4}-\S+Z, \d s ago\)\n/)
  })

  test('--json', async () => {
    const { stdout } = await tessera(['decode', '--json'], await issue('job'))
    expect(JSON.parse(stdout)).toMatchObject({ header: { alg: 'ES256' }, claims: { client_id: 'job' } })
  })

  test.each<[string, () => Promise<string>, RegExp]>([
    ['a sealed token', () => issue('job', 'open'), /the token is sealed/],
    ['text', async () => 'a.b', /not a signed JWT .*three parts/],
    ['nothing', async () => '', /standard input has no token/],
  ])('refuses %s', async (_name, token, message) => {
    const { code, stdout, stderr } = await tessera(['decode'], await token())
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('a token as an argument is refused, and not repeated', async () => {
    const token = await issue('job')
    const { code, stderr } = await tessera(['decode', token])
    expect(code).toBe(2)
    expect(stderr).toContain('not as an argument')
    expect(stderr).not.toContain(token.slice(0, 20))
  })

  test('a time beyond every date stays a number', async () => {
    const signer = await makeSigner('ES256')
    const { code, stdout } = await tessera(['decode'], await signWith(signer, { exp: 1e300, iat: -1e15 }))
    expect(code).toBe(0)
    expect(stdout).toMatch(/exp {2,}1e\+300\n/)
  })
})

describe('tessera verify', () => {
  const verify = (token: string, ...more: string[]) =>
    tessera(['verify', '--issuer', server.issuer, '--ca', inject('tls').ca, ...more], token)

  test('a good token', async () => {
    const { code, stdout } = await verify(await issue('job'), '--audience', API)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^valid\n {2}✓ signature: alg ES256, kid /)
    expect(stdout).not.toContain('✗')
  })

  test('another audience', async () => {
    const { code, stdout } = await verify(await issue('job'), '--audience', SEALED)
    expect(code).toBe(1)
    expect(stdout).toContain(`✗ aud: expected ${SEALED}, received ${API}`)
  })

  test('a foreign and old token with a wrong issuer', async () => {
    const signer = await makeSigner('ES256')
    const seconds = Math.floor(Date.now() / 1000)
    const claims = { iss: `${server.issuer}/`, aud: API, exp: seconds - 3_600, iat: seconds + 600, nbf: 'x' }
    const { code, stdout } = await verify(await signWith(signer, claims, { kid: 'foreign' }), '--json')
    expect(code).toBe(1)
    const { valid, checks } = JSON.parse(stdout) as { valid: boolean; checks: { check: string; passed: boolean }[] }
    expect(valid).toBe(false)
    expect(checks.filter(({ passed }) => !passed)).toMatchObject([
      { check: 'signature', note: expect.stringContaining('no key with this kid') },
      { check: 'typ' },
      { check: 'iss', note: 'they differ by the slash at the end' },
      { check: 'exp', received: expect.stringMatching(/^\d+, 60 min ago$/) },
      { check: 'nbf', received: 'x' },
      { check: 'iat', received: expect.stringMatching(/^\d+, in 10 min$/) },
    ])
  })

  test('a changed token', async () => {
    const [header, , signature] = (await issue('job')).split('.')
    const claims = Buffer.from(JSON.stringify({ iss: server.issuer })).toString('base64url')
    const { code, stdout } = await verify(`${header}.${claims}.${signature}`)
    expect(code).toBe(1)
    expect(stdout).toContain('(the token was changed after it was signed)')
  })

  test('a server whose certificate nobody trusts: the message names --ca', async () => {
    const source = await startSource(await makeCertificate('localhost'), (_request, response) => sendJson(response, {}))
    const { code, stderr } = await tessera(['verify', '--issuer', source.url('')], await issue('job'))
    await source.stop()
    expect(code).toBe(1)
    expect(stderr).toContain('--ca')
  })
})

describe('tessera introspect, on the database', () => {
  test.each([
    ['a JWT', 'edit'],
    ['a sealed token', 'open'],
  ])('%s is active', async (_name, scope) => {
    const { code, stdout } = await tessera(['introspect'], await issue('job', scope))
    expect(code).toBe(0)
    expect(stdout).toMatch(/^active\n {2}✓ key: /)
    expect(stdout).toMatch(/\n {2}client_id {2,}job\n/)
  })

  const inactive: [string, () => Promise<string>, readonly string[], RegExp][] = [
    [
      'a disabled client',
      async () => {
        const token = await issue('off')
        await runCommand(env, () => clientsEnable('off', false, { yes: true }))
        return token
      },
      [],
      /✗ client: .*received off \(it was disabled at \d{4}-/,
    ],
    [
      'a revocation of a client, and its author',
      async () => {
        const token = await issue('revoked')
        await tessera(['revoke', '--client', 'revoked', '--yes'])
        return token
      },
      [],
      /✗ revocation: expected none, received every token of the client revoked that was issued before \S+ \(by .+ on .+ at \d{4}-/,
    ],
    [
      'a revoked token',
      async () => {
        const token = await issue('one')
        await tessera(['revoke', '--token'], token)
        return token
      },
      [],
      /✗ revocation: expected none, received this token \(/,
    ],
    [
      'another API',
      () => issue('job'),
      ['--as', 'other'],
      /✗ introspects of other: expected https:\/\/api.*, received https:\/\/sealed/,
    ],
    [
      'a token of another server',
      async () => signWith(await makeSigner('ES256'), { iss: 'https://x' }, { kid: 'foreign' }),
      [],
      /✗ key: .*received foreign \(we have no such key: it is gone, or the token is from another server\)/,
    ],
    [
      'a changed token',
      async () => {
        const [header, , signature] = (await issue('job')).split('.')
        return `${header}.${Buffer.from('{}').toString('base64url')}.${signature}`
      },
      [],
      /the signature is wrong: the token was changed/,
    ],
  ]
  test.each(inactive)('says why: %s', async (_name, token, more, reason) => {
    const { code, stdout } = await tessera(['introspect', ...more], await token())
    expect(code).toBe(1)
    expect(stdout).toMatch(/^not active\n/)
    expect(stdout).toMatch(reason)
  })

  test('--json; a wrong issuer', async () => {
    const { stdout } = await tessera(['introspect', '--json'], await issue('job'), { TESSERA_ISSUER: 'https://x' })
    expect(JSON.parse(stdout)).toMatchObject({
      active: false,
      checks: expect.arrayContaining([expect.objectContaining({ check: 'iss', passed: false, expected: 'https://x' })]),
      claims: { client_id: 'job' },
    })
  })
})

describe('tessera introspect, at a server', () => {
  const ask = async (token: string, client: string, ...more: string[]) =>
    tessera(
      [
        'introspect',
        '--issuer',
        server.issuer,
        '--client-id',
        client,
        '--secret-env',
        'S',
        '--ca',
        inject('tls').ca,
        ...more,
      ],
      token,
      { S: SECRET },
    )

  test('the answer to an API', async () => {
    const token = await issue('job')
    const { code, stdout } = await ask(token, 'api')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^active\n/)
    expect(JSON.parse((await ask(token, 'api', '--json')).stdout)).toMatchObject({ active: true, client_id: 'job' })
    expect(await ask(token, 'other')).toMatchObject({ code: 1, stdout: expect.stringMatching(/^not active: /) })
  })

  test('a refusal shows its request id', async () => {
    const { code, stderr } = await ask(await issue('job'), 'job')
    expect(code).toBe(4)
    expect(stderr).toMatch(/unauthorized_client: .*\(request [0-9a-f-]{36}\)\n$/)
  })

  test.each<[readonly string[], RegExp]>([
    [['--client-id', 'a'], /--client-id needs --issuer/],
    [['--issuer', 'https://localhost:1'], /--issuer together with --client-id/],
    [['--issuer', 'https://localhost:1', '--client-id', 'a'], /standard input has the token/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await tessera(['introspect', ...args], 'x.y.z')
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })
})
