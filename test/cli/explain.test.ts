import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditTail } from '../../src/cli/audit.ts'
import { clientsEnable } from '../../src/cli/clients.ts'
import { explain } from '../../src/cli/explain.ts'
import { factLines } from '../../src/cli/facts.ts'
import { runCommand } from '../harness/command.ts'
import { newSecret } from '../harness/model.ts'
import { runTessera } from '../harness/program.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { makeSigner, type Signer } from '../harness/tokens.ts'
import { unheld } from '../harness/unheld.ts'
import { type Issuer, startIssuer } from './issuer.ts'

const SECRET = newSecret()
const WRONG = newSecret()
const OTHER_SECRET = newSecret()
const OVER = /^ {2}/

let signer: Signer
let issuer: Issuer
let server: TestServer
let env: Record<string, string>
beforeAll(async () => {
  signer = await makeSigner('ES256', { kid: 'own' })
  issuer = await startIssuer()
  server = await startTestServer({
    options: issuer.options,
    holds: unheld,
    manifest: `
apis:
  - { audience: https://api.example.com, scopes: [{ name: edit }] }
  - { audience: https://vault.example.com, scopes: [{ name: open }], token: { format: sealed } }
clients:
  - { client_id: other, credentials: [{ label: theirs, secret: ${OTHER_SECRET} }] }
  - { client_id: wide, scopes: [edit, open], credentials: [{ secret: ${newSecret()} }, { label: b, secret: ${SECRET} }] }
  - { client_id: lonely, scopes: [edit], credentials: [{ secret: ${SECRET} }] }
  - { client_id: silent }
  - { client_id: late, credentials: [{ label: current, secret: ${SECRET}, expires: 2020-01-01T00:00:00Z }] }
  - { client_id: plain, introspects: all, scopes: [edit], credentials: [{ label: current, secret: ${SECRET} }] }
  - { client_id: mac, scopes: [edit], credentials: [{ secret: ${SECRET}, retrievable: true }] }
  - { client_id: signer, scopes: [edit], credentials: [{ jwks: { keys: [${JSON.stringify(signer.publicJwk)}] } }] }
  - { client_id: certified, scopes: [edit], credentials: [{ certificate: { san_dns: a.example.com } }] }
  - { client_id: off, scopes: [edit], credentials: [{ label: current, secret: ${SECRET} }] }
  - client_id: workflow
    scopes: [edit]
    credentials:
      - label: main branch
        federated:
          issuer: ${issuer.url}
          audience: us
          claims: { repository: org/repo }
          when: claims.ref == "refs/heads/main"
`,
  })
  env = { TESSERA_STORAGE: server.config.storage }
  await runCommand(env, () => clientsEnable('off', false, { yes: true }))
})
afterAll(async () => {
  await server.stop()
  await issuer.stop()
})

const seconds = () => Math.floor(Date.now() / 1000)
const assertion = (claims: object) =>
  new SignJWT({ iss: 'signer', sub: 'signer', aud: server.issuer, jti: newSecret(), exp: seconds() + 60, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'own' })
    .sign(signer.privateKey)
const outside = (claims: object) =>
  issuer.sign({ aud: 'us', repository: 'org/repo', ref: 'refs/heads/main', exp: seconds() + 60, ...claims })

const GRANT = { grant_type: 'client_credentials' }
const asserting = (jwt: string) => ({
  ...GRANT,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: jwt,
})

/** Makes a request, and waits until its event is recorded. @returns the request id */
async function recorded(status: number, request: Promise<Response>): Promise<string> {
  const response = await request
  expect(response.status).toBe(status)
  const id = response.headers.get('x-request-id') ?? ''
  expect(await server.audit(id)).toHaveLength(1)
  return id
}

/** The lines that explain a request. */
async function linesOf(id: string): Promise<readonly string[]> {
  const { stdout, stderr, error } = await runCommand(env, () => explain(id, {}))
  expect({ stderr, error }).toEqual({ stderr: '', error: undefined })
  const [first = '', ...more] = stdout.trimEnd().split('\n')
  expect(more.filter((line) => !OVER.test(line))).toEqual([])
  // The values stand in a column.
  return [
    first.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}/, ''),
    ...more.map((line) => line.replace(/^( {2}\w+) {2,}/, '$1 ')),
  ]
}

test('a request can be explained at once, though its event is written a moment later', async () => {
  const refused = await server.token(GRANT, basic('plain', WRONG))
  const { stdout, error } = await runCommand(env, () => explain(refused.headers.get('x-request-id') ?? '', {}))
  expect(error).toBeUndefined()
  expect(stdout).toContain('wrong_secret')
})

describe('tessera explain', () => {
  const cases: [string, number, () => Promise<Response>, readonly (string | RegExp)[]][] = [
    [
      'a wrong secret',
      401,
      () => server.token(GRANT, { ...basic('plain', WRONG), 'user-agent': 'curl/8' }),
      [
        'token.issue: refused, wrong_secret',
        '  The secret is none of the secrets of the client.',
        '  answered 401 invalid_client',
        '  client plain',
        /^ {2}from (127\.0\.0\.1|::1)$/,
        '  method client_secret_basic',
        '  user_agent curl/8',
      ],
    ],
    [
      'a secret for a client with keys only',
      401,
      () => server.token(GRANT, basic('signer', WRONG)),
      [
        'token.issue: refused, no_such_credential',
        '  The client has no credential of the kind that it used.',
        '  answered 401 invalid_client',
        '  has keys',
      ],
    ],
    [
      'a chosen secret for a client with keys only',
      401,
      () => server.token({ ...GRANT, client_id: 'signer', client_secret: 'chosen' }),
      ['token.issue: refused, no_such_credential', '  has keys'],
    ],
    [
      'mutual TLS without a certificate',
      401,
      () => server.token({ ...GRANT, client_id: 'certified' }),
      [
        'token.issue: refused, no_credentials',
        /^ {2}The client authenticates by certificate, but none arrived: .* proxy .*\(runtime\.certificate_header\)\.$/,
        '  certificate none',
      ],
    ],
    [
      'a disabled client',
      401,
      () => server.token(GRANT, basic('off', SECRET)),
      [
        'token.issue: refused, client_disabled',
        /^ {2}It was disabled on \d{4}-\S+Z by .+ on .+\.$/,
        /^ {2}credential current \(/,
      ],
    ],
    [
      'an expired assertion: by how much',
      401,
      async () => server.token(asserting(await assertion({ iat: seconds() - 660, exp: seconds() - 600 }))),
      [
        'token.issue: refused, assertion_expired',
        '  The client_assertion expired over a minute ago. Clocks may differ by up to a minute.',
        '  client signer',
        '  method private_key_jwt',
        /^ {2}exp \d{10}$/,
        /^ {2}now \d{10}$/,
        /^ {2}seconds_late 60[0-2]$/,
        '  allowed 60',
      ],
    ],
    [
      'an assertion with a MAC of another secret: remedies for secrets, and none for keys',
      401,
      async () =>
        server.token(
          asserting(
            await new SignJWT({ iss: 'mac', sub: 'mac', aud: server.issuer, jti: newSecret(), exp: seconds() + 60 })
              .setProtectedHeader({ alg: 'HS256' })
              .sign(Buffer.from(WRONG)),
          ),
        ),
      [
        'token.issue: refused, assertion_signature',
        '  Its MAC was made with a secret that the client does not have, or that is not retrievable.',
        '        tessera token --issuer <issuer> --client-id mac --secret-file <file> --auth-method client_secret_jwt',
        '        tessera credentials add mac --retrievable',
      ],
    ],
    [
      'an assertion for another server: the expected and the sent audience',
      401,
      async () => server.token(asserting(await assertion({ aud: 'https://other.example.com' }))),
      [
        'token.issue: refused, assertion_audience',
        '  client signer',
        /^ {2}expected https:\/\/localhost:\d+$/,
        '  received https://other.example.com',
      ],
    ],
    [
      'an assertion for the token endpoint: the remedy',
      401,
      async () => server.token(asserting(await assertion({ aud: `${server.issuer}/as/token.oauth2` }))),
      [
        'token.issue: refused, assertion_audience',
        /Many libraries send the token endpoint, or both: give such a client assertion_audience: compatible\.$/,
        /^ {2}received https:\/\/localhost:\d+\/as\/token\.oauth2$/,
        '  remedy have the client send the issuer alone, or give it assertion_audience: compatible',
      ],
    ],
    [
      'an assertion for issuer and token endpoint',
      401,
      async () =>
        server.token(asserting(await assertion({ aud: [server.issuer, `${server.issuer}/as/token.oauth2`] }))),
      ['  remedy have the client send the issuer alone, or give it assertion_audience: compatible'],
    ],
    [
      'a token of an outside issuer: the failed condition and its value',
      401,
      async () => server.token({ ...asserting(await outside({ ref: 'refs/heads/feature' })), client_id: 'workflow' }),
      [
        'token.issue: refused, federated_no_match',
        '  client workflow',
        '  method federated_jwt',
        '  credentials:',
        '    - label: main branch',
        /^ {6}issuer: https:\/\/127\.0\.0\.1:\d+$/,
        '      failed:',
        /^ {8}✗ when: expected claims\.ref == "refs\/heads\/main", received .*refs\/heads\/feature/,
      ],
    ],
    [
      'a success',
      200,
      () => server.token(GRANT, basic('plain', SECRET)),
      [
        'token.issue: success',
        '  client plain',
        '  method client_secret_basic',
        /^ {2}credential current \([0-9a-f-]{36}\)$/,
        '  audience https://api.example.com',
        '  scope edit',
        '  lifetime 14400',
      ],
    ],
    [
      'a user agent with terminal escapes',
      401,
      () => server.token(GRANT, { ...basic('plain', WRONG), 'user-agent': 'x\u009b31m' }),
      [/^ {2}user_agent x.*\\u009b31m$/],
    ],
  ]
  test.each(cases)('%s', async (_name, status, request, expected) => {
    const lines = await linesOf(await recorded(status, request()))
    for (const line of expected) {
      if (typeof line === 'string') expect(lines).toContain(line)
      else expect(lines).toContainEqual(expect.stringMatching(line))
    }
    expect(lines.join('\n')).not.toContain(SECRET)
    expect(lines.join('\n')).not.toContain(WRONG)
  })

  const remedied: [string, number, () => Promise<Response>, readonly (string | RegExp)[]][] = [
    [
      'the secret of another client',
      401,
      () => server.token(GRANT, basic('plain', OTHER_SECRET)),
      [
        '  The secret belongs to the client other ("theirs", valid).',
        /^ {2}✗ secret: expected "current" \(…\w{4}, .*\), received a whole generated secret \(…\w{4}\)$/,
        '        client_id=other',
        '        tessera credentials rotate plain',
      ],
    ],
    [
      'a secret with a blank after it',
      401,
      () => server.token(GRANT, basic('plain', `${SECRET} `)),
      [
        '  The secret is that of "current" (valid), without what stands around it.',
        /, received a whole generated secret \(…\w{4}\), with white space after it$/,
        /tr -d/,
      ],
    ],
    [
      'a secret that is cut off',
      401,
      () => server.token(GRANT, basic('plain', SECRET.slice(0, -5))),
      [/, received a generated secret that is cut off: its end is missing$/, /tss_ and 49 letters/],
    ],
    [
      'a secret with a line end',
      400,
      () => server.token(GRANT, basic('plain', `${SECRET}\n`)),
      ['  ✗ Authorization: expected UTF-8 without control characters, received a line end at its end'],
    ],
    [
      'a client id with a typo',
      401,
      () => server.token(GRANT, basic('othre', OTHER_SECRET)),
      [
        '  Did you mean other, in place of othre?',
        '  The secret belongs to the client other ("theirs", valid).',
        '        client_id=other',
      ],
    ],
    [
      'a secret for a client with keys',
      401,
      () => server.token(GRANT, basic('signer', WRONG)),
      [
        '  ✗ credential: expected public keys (private_key_jwt), received client_secret_basic',
        '        tessera token --issuer <issuer> --client-id signer --key <file>',
        '        tessera credentials add signer',
      ],
    ],
    [
      'an expired secret',
      401,
      () => server.token(GRANT, basic('late', SECRET)),
      [
        /^ {2}✗ credential: expected one that has not expired, received current, expired on 2020-/,
        '  The client has no other valid credential.',
        '        tessera credentials add late',
      ],
    ],
    [
      'a misspelt scope',
      400,
      () => server.token({ ...GRANT, scope: 'edti' }, basic('plain', SECRET)),
      [
        '  ✗ scope: expected edit at https://api.example.com, received edti',
        '  No API has the scope edti.',
        '  Did you mean edit, in place of edti?',
      ],
    ],
    [
      'a scope that the client was not given',
      400,
      () => server.token({ ...GRANT, scope: 'open' }, basic('plain', SECRET)),
      [
        '  The scope open is one of https://vault.example.com, and the client was not given it there.',
        '        grants: [{ api: "https://vault.example.com", scopes: ["open"] }]',
      ],
    ],
    [
      'scopes with a comma',
      400,
      () => server.token({ ...GRANT, scope: 'edit,open' }, basic('plain', SECRET)),
      ['        scope=edit open'],
    ],
    [
      'an API at which the client has no scope',
      400,
      () => server.token({ ...GRANT, resource: 'https://vault.example.com' }, basic('plain', SECRET)),
      [
        '  ✗ resource: expected https://api.example.com, received https://vault.example.com',
        '  The API exists, and the client has no scope there.',
      ],
    ],
    [
      'an API that does not exist',
      400,
      () => server.token({ ...GRANT, resource: 'https://api.example.org' }, basic('plain', SECRET)),
      [
        '  There is no API with the audience https://api.example.org.',
        '  Did you mean https://api.example.com, in place of https://api.example.org?',
        '        resource=https://api.example.com',
      ],
    ],
    [
      'APIs with tokens of different kinds',
      400,
      () => server.token({ ...GRANT, scope: 'edit open' }, basic('wide', SECRET)),
      ['    - api: https://api.example.com', '      format: jwt', '      format: sealed'],
    ],
    [
      'another grant',
      400,
      () => server.token({ grant_type: 'password' }, basic('plain', SECRET)),
      [
        /^ {2}✗ grant_type: expected client_credentials or .*, received password$/,
        '        grant_type=client_credentials',
      ],
    ],
    [
      'JSON',
      400,
      () => server.token('{}', { 'content-type': 'application/json' }),
      ['  ✗ Content-Type: expected application/x-www-form-urlencoded, received application/json'],
    ],
    [
      'another method',
      405,
      () => fetch(`${server.issuer}/as/token.oauth2`),
      ['  ✗ method: expected POST, received GET'],
    ],
    [
      'an audience with a slash at its end',
      401,
      async () => server.token(asserting(await assertion({ aud: `${server.issuer}/` }))),
      ['  The aud has one slash too many at its end.', '        assertion_audience: compatible'],
    ],
    [
      'a clock that is fast',
      401,
      async () => server.token(asserting(await assertion({ iat: seconds() + 300, exp: seconds() + 360 }))),
      [/^ {2}The clock of the client is (5 min|29\d s|300 s) fast\.$/],
    ],
  ]
  test.each(remedied)('ends in a remedy: %s', async (_name, status, request, expected) => {
    const lines = await linesOf(await recorded(status, request()))
    for (const line of expected) {
      if (typeof line === 'string') expect(lines).toContain(line)
      else expect(lines).toContainEqual(expect.stringMatching(line))
    }
    expect(lines).toContain('  To mend it:')
    for (const secret of [SECRET, OTHER_SECRET]) expect(lines.join('\n')).not.toContain(secret.slice(0, 20))
  })

  test('--client and --last: the last refused requests, oldest first', async () => {
    const ids = []
    for (const scope of ['one', 'two', 'three']) {
      ids.push(await recorded(400, server.token({ ...GRANT, scope }, basic('lonely', SECRET))))
    }
    await recorded(200, server.token(GRANT, basic('lonely', SECRET)))
    const run = async (last: string | true) => {
      const { stdout } = await runCommand(env, () => explain('', { client: 'lonely', last, json: true }))
      return stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { request_id: string }).request_id)
    }
    expect(await run(true)).toEqual(ids.slice(-1))
    expect(await run('2')).toEqual(ids.slice(-2))
    expect(await run('100')).toEqual(ids)
  })

  test.each<[string, () => Promise<void>, RegExp]>([
    ['an unknown client', () => explain('', { client: 'nobody-at-all' }), /^there is no client "nobody-at-all"$/],
    ['a client without requests', () => explain('', { client: 'silent' }), /^no request of "silent" is recorded$/],
    ['too many', () => explain('', { client: 'plain', last: '101' }), /must be 1 to 100$/],
    ['none', () => explain('', { client: 'plain', last: '0' }), /must be 1 to 100$/],
    ['no number', () => explain('', { client: 'plain', last: 'x' }), /^--last must be a number, not "x"$/],
    ['an id and a client', () => explain('0192', { client: 'plain' }), /not both$/],
    ['--last alone', () => explain('0192', { last: true }), /^--last needs --client$/],
    ['nothing', () => explain('', {}), /^give a request id, or --client and --last$/],
  ])('refuses: %s', async (_name, command, message) => {
    expect((await runCommand(env, command)).error).toMatch(message)
  })

  test('finds the requests of a traceparent', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    await recorded(401, server.token(GRANT, { ...basic('plain', WRONG), traceparent }))
    const { stdout } = await runCommand(env, () => explain(`traceparent: ${traceparent}`, {}))
    expect(stdout).toContain('token.issue: refused, wrong_secret')
    const absent = traceparent.replace('4bf9', '4bfa')
    expect((await runCommand(env, () => explain(absent, {}))).error).toMatch(/^no request of the trace 4bfa/)
  })

  test('finds the id in a whole answer on standard input', async () => {
    const response = await server.token(GRANT, basic('plain', WRONG))
    const id = response.headers.get('x-request-id') ?? ''
    await server.audit(id)
    const other = '00000000-0000-4000-8000-000000000000'
    const pasted = `HTTP/1.1 401 Unauthorized\nX-Correlation-Id: ${other}\n\n${await response.text()}`
    const { code, stdout } = await runTessera(['explain', '-'], env, pasted)
    expect([code, stdout]).toEqual([0, expect.stringContaining('wrong_secret')])
  })

  test('--json', async () => {
    const id = await recorded(401, server.token(asserting(await assertion({ aud: 'https://other.example.com' }))))
    const { code, stdout, stderr } = await runTessera(['explain', id, '--json'], env)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      time: expect.stringMatching(/^\d{4}-/),
      type: 'token.issue',
      result: 'refused',
      reason: 'assertion_audience',
      meaning: expect.stringContaining('nearly always the issuer'),
      answered: { status: 401, error: 'invalid_client' },
      client_id: 'signer',
      detail: { expected: [server.issuer], received: 'https://other.example.com', method: 'private_key_jwt' },
    })
  })

  test.each<[string, (id: string) => string]>([
    ['with the name of its header', (id) => `X-Request-Id: ${id}`],
    ['as curl prints it', (id) => `x-request-id: ${id}\r`],
    ['among blanks', (id) => ` \t${id}\n`],
    ['in capitals', (id) => id.toUpperCase()],
    ['in quotation marks', (id) => `"${id}",`],
    ['in a message', (id) => `invalid_client: Invalid client (request ${id})`],
  ])('finds an id %s', async (_name, written) => {
    const id = await recorded(401, server.token(GRANT, basic('plain', WRONG)))
    expect((await linesOf(written(id)))[0]).toBe('token.issue: refused, wrong_secret')
    const tail = await runCommand(env, () => auditTail({ lines: '9', requestId: written(id) }))
    expect(tail.stdout).toContain(`request_id=${id}`)
  })

  const unrecorded: [string, () => Promise<Response>][] = [
    ['a path without an endpoint', () => fetch(`${server.issuer}/as/nothing`)],
    [
      'an answer of the introspection endpoint',
      async () => {
        const answer = (await (await server.token(GRANT, basic('plain', SECRET))).json()) as { access_token: string }
        return fetch(`${server.issuer}/as/introspect.oauth2`, {
          method: 'POST',
          headers: basic('plain', SECRET),
          body: new URLSearchParams({ token: answer.access_token }),
        })
      },
    ],
    ['the key set', () => fetch(`${server.issuer}/pf/JWKS`)],
  ]
  test.each(unrecorded)('says what is not recorded: %s', async (_name, request) => {
    const id = (await request()).headers.get('x-request-id') ?? ''
    const { error } = await runCommand(env, () => explain(id, {}))
    expect(error).toMatch(
      new RegExp(`^nothing is recorded under "${id}", made at \\d{4}-\\S+Z\\. The log records .* It does not record `),
    )
  })

  test('says how long events are kept, for an older id', async () => {
    const { error } = await runCommand(env, () => explain('01890000-0000-7000-8000-000000000000', {}))
    expect(error).toMatch(/^nothing is recorded under "0189.*", made at 2023-\S+Z: events are kept for 90 days$/)
  })

  test('answers an unknown id with one line and exit code 3', async () => {
    const { code, stdout, stderr } = await runTessera(['explain', 'a\u001b[31m'], env)
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toBe(
      'tessera: nothing is recorded under "a\\u001b[31m", which is not a request id of this server: give the X-Request-Id of a response\n',
    )
  })
})

describe('nested facts', () => {
  test.each<[string, unknown, readonly string[]]>([
    ['one', 'a', ['  name: a']],
    ['several', ['a', 1, true], ['  name: a, 1, true']],
    ['none', [], []],
    ['a thing', { a: 1, b: { c: 2 } }, ['  name:', '    a: 1', '    b:', '      c: 2']],
    ['things', [{ a: 1, b: 2 }, { a: 3 }], ['  name:', '    - a: 1', '      b: 2', '    - a: 3']],
    [
      'nested lists',
      [{ a: { b: 1, c: [{ d: 2, e: 3 }] } }, 'text'],
      ['  name:', '    - a:', '        b: 1', '        c:', '          - d: 2', '            e: 3', '    - text'],
    ],
    [
      'checks',
      [
        { check: 'issuer', passed: true, expected: 'a', received: 'a' },
        { check: 'when', passed: false, expected: 'b', received: 'c', note: 'd' },
      ],
      ['  name:', '    ✓ issuer: a', '    ✗ when: expected b, received c (d)'],
    ],
  ])('%s', (_name, value, lines) => {
    expect(factLines('name', value)).toEqual(lines)
  })
})
