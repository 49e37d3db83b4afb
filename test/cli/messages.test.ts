import { randomBytes } from 'node:crypto'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { explainFailure } from '../../src/cli/failure.ts'
import { argsOf, commands } from '../harness/command-arguments.ts'
import { emptyDatabase } from '../harness/empty-database.ts'
import { MODEL } from '../harness/model.ts'
import { freePort } from '../harness/port.ts'
import { type Printed, runTessera } from '../harness/program.ts'
import { applyTo, startTestServer, type TestServer } from '../harness/server.ts'
import { type Certificate, makeCertificate, type Source, sendJson, startSource, startTcp } from '../harness/source.ts'

/** Words of libraries, of Node and of the system, and terms that only programmers understand. */
const FOREIGN: readonly RegExp[] = [
  /^\s+at /m,
  /node:|node_modules|\.ts:\d/,
  /\b(?:Type|Range|Syntax|Reference|Aggregate|Zod|YAML\w*|User|OAuth|Fetch)Error\b/,
  new RegExp(`\\b(?:${[...Object.keys(constants.errno), 'ENOTFOUND', 'EAI_AGAIN'].join('|')})\\b`),
  /\bERR_|errno|syscall|getaddrinfo|fetch failed|undici|open '|mkdir '/,
  /zod|Invalid input|expected (?:string|number|int|boolean|array|object|record)\b|received (?:NaN|null|undefined|string|number)/i,
  /parseAllDocuments|Unresolved|Map keys|Nested mappings|Implicit|flow (?:map|sequence)/,
  /OpenSSL|error:[0-9A-F]{8}|PEM routines|x509 certificate routines|bad decrypt|no start line/,
  /SQLITE|unable to open|malformed|SASL|SCRAM|Connection terminated/,
  /JSON at position|Unexpected (?:token|end)|is not valid JSON/,
  /Node\.js|--use-system-ca|self-signed certificate;/,
  /\bundefined\b|\[object/,
  // The fallback for an unforeseen error.
  /TESSERA_DEBUG/,
]

function expectOurs({ code, stdout, stderr }: Printed, exitCode = 1): void {
  expect({ code, stdout }, stderr).toEqual({ code: exitCode, stdout: '' })
  expect(FOREIGN.filter((pattern) => pattern.test(stderr)).map(String), stderr).toEqual([])
  expect(stderr).toMatch(/^(?:note: .*\n|warning: .*\n)*(?:tessera|error): \S/)
  expect(stderr.length).toBeLessThan(4_000)
}

let folder: string
let server: TestServer
let certificate: Certificate
const sources: Source[] = []
const home = process.cwd()
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tessera-messages-')))
  server = await startTestServer({ manifest: `${MODEL}  - { client_id: a, scopes: [edit] }\n` })
  certificate = await makeCertificate('localhost')
  process.chdir(folder)
})
afterAll(async () => {
  process.chdir(home)
  for (const source of sources) await source.stop()
  await server.stop()
  rmSync(folder, { recursive: true })
})

let written = 0
function file(content: string | Buffer, name = 'file'): string {
  written += 1
  const path = join(folder, `${written}-${name}`)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}
const KEY = randomBytes(32).toString('base64')
const env = () => ({
  TESSERA_STORAGE: server.config.storage,
  TESSERA_MASTER_KEY: server.config.masterKey.toString('base64'),
})

function databaseWith(sql: string): string {
  const path = file('')
  const location = emptyDatabase(path)
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
  return location
}

async function source(started: Promise<Source>): Promise<Source> {
  const made = await started
  sources.push(made)
  return made
}

type Environment = Record<string, string>

/** Errors in the configuration and the database, which every command reads. */
const conditions: Readonly<Record<string, () => Environment | Promise<Environment>>> = {
  'no configuration': () => ({}),
  'a configuration that is not there': () => ({ TESSERA_CONFIG: '/nothing.yaml' }),
  'a configuration that is a folder': () => ({ TESSERA_CONFIG: folder }),
  'a configuration that is a device': () => ({ TESSERA_CONFIG: '/dev/zero' }),
  'a configuration that isn’t text': () => ({ TESSERA_CONFIG: file(Buffer.from([0xff, 0xfe, 0])) }),
  'a malformed configuration': () => ({ TESSERA_CONFIG: file('storage: [') }),
  'a configuration that is a list': () => ({ TESSERA_CONFIG: file('- 1') }),
  'a configuration with a tag': () => ({ TESSERA_CONFIG: file('storage: !env X') }),
  'a configuration of two documents': () => ({ TESSERA_CONFIG: file('data: x\n---\ndata: y') }),
  'an unknown option': () => ({ TESSERA_CONFIG: file('storge: x') }),
  'an unknown variable': () => ({ TESSERA_STORGE: 'x' }),
  'a number that is text': () => ({ ...env(), TESSERA_TOKEN_LIFETIME: '1h' }),
  'a number that is blank': () => ({ ...env(), TESSERA_RUNTIME_PORT: '' }),
  'numbers that are something else': () => ({
    TESSERA_CONFIG: file(
      'runtime: { port: }\ntoken: { lifetime: true }\nkeys: { cache_max_age: [1] }\naudit: { retention_days: {} }',
    ),
  }),
  'sections that aren’t mappings': () => ({ TESSERA_CONFIG: file('runtime: 5\nadmin:\ntls: []\n') }),
  'an unknown choice': () => ({ ...env(), TESSERA_LOG_LEVEL: 'loud' }),
  'an empty list': () => ({ ...env(), TESSERA_OUTBOUND_ALLOW: '10.0.0.1, ' }),
  'an address that is none': () => ({ ...env(), TESSERA_TRACES_ENDPOINT: 'collector' }),
  'a database that is not there': () => ({ TESSERA_STORAGE: 'sqlite:typo.db' }),
  'a database that is a folder': () => ({ TESSERA_STORAGE: `sqlite:${folder}` }),
  'a database that is a text': () => ({ TESSERA_STORAGE: `sqlite:${file('a text\n'.repeat(999))}` }),
  'a database below a file': () => ({ TESSERA_STORAGE: `sqlite:${file('x')}/tessera.db` }),
  'a database where none can be': () => ({ TESSERA_STORAGE: 'sqlite:/proc/nope/tessera.db' }),
  'a database that is damaged': () => {
    const path = databaseWith('select 1').slice('sqlite:'.length)
    const bytes = randomBytes(64 * 1024)
    bytes.write('SQLite format 3\0')
    writeFileSync(path, bytes)
    return { TESSERA_STORAGE: `sqlite:${path}` }
  },
  'a database of a newer program': () => ({
    TESSERA_STORAGE: databaseWith("insert into migration (name, timestamp) values ('9999-x', '')"),
  }),
  'a database that lacks a table': () => ({
    TESSERA_STORAGE: databaseWith("delete from migration where name > '0005'"),
  }),
  'a database at no address': () => ({ TESSERA_STORAGE: 'postgres://tessera:hush#hush@db/x' }),
  'a database server where nothing listens': async () => ({
    TESSERA_STORAGE: `postgres://tessera:hush@127.0.0.1:${await freePort()}/x`,
  }),
  'a database server that hangs up': async () => ({
    TESSERA_STORAGE: `postgres://tessera:hush@127.0.0.1:${(await source(startTcp((socket) => socket.destroy()))).port}/x`,
  }),
  'a database server that speaks something else': async () => ({
    TESSERA_STORAGE: `postgres://tessera:hush@127.0.0.1:${(await source(startTcp((socket) => socket.end('hello\n')))).port}/x?sslmode=require`,
  }),
  'a password file that is not there': () => ({
    TESSERA_STORAGE: 'postgres://db/x',
    TESSERA_STORAGE_PASSWORD_FILE: '/nothing',
  }),
}

/** Conditions that a command doesn't check, or that are no error for it. */
const fits: Readonly<Record<string, RegExp>> = {
  dev: /no configuration|is not there|lacks a table|a number|numbers|choice|list|address that is none|password file/,
  'dev mint': /no configuration/,
  'dev jwks': /no configuration/,
  // It reports the state of a database, as `upgrade.test.ts` shows.
  'upgrade --check': /no configuration|^a database/,
  token: /./,
  validate: /./,
  'config reference': /./,
  'storage copy': /database|password file|no configuration/,
  'storage migrate': /a database that is not there|no configuration|lacks a table/,
  backup: /lacks a table|newer program|password file|a database (?:at|server)/,
  'storage compact': /lacks a table|newer program|password file|a database (?:at|server)/,
  completion: /./,
  login: /./,
  logout: /./,
  whoami: /./,
  'profiles list': /./,
  'profiles use': /./,
  'profiles delete': /./,
  help: /./,
  restore: /^a database (?:that|below|where)/,
}

const names = Object.keys(conditions)
const pairs = Object.entries(commands).flatMap(([words, needs]) =>
  names.filter((name) => fits[words]?.test(name) !== true).map((name) => [words, name, needs] as const),
)

describe('each command explains each failure in our words', () => {
  test.each(pairs)('tessera %s: %s', async (words, name, needs) => {
    const changed = (await conditions[name]?.()) ?? {}
    const printed = await runTessera(argsOf(words, needs), { TESSERA_MASTER_KEY: KEY, ...changed }, needs.input)
    // A server names each missing option. All others say only that somebody must name a target.
    const lacksTarget = name === 'no configuration' && needs.database !== 'none' && words !== 'serve'
    expectOurs(printed, lacksTarget ? 2 : 1)
    expect(printed.stderr).not.toContain('hush')
  })
})

describe('an invalid manifest', () => {
  const client = (fields: string) => `clients: [{ client_id: a, ${fields} }]`
  const api = (fields: string) => `apis: [{ audience: "https://a", ${fields} }]`
  test.each([
    ['nothing', ''],
    ['a text', 'hello'],
    ['a list', '- 1'],
    ['broken', 'clients: ['],
    ['a second document that is a list', 'clients: []\n---\n- clients'],
    ['no text', Buffer.from([0xc3, 0x28])],
    ['an unknown field', client('scope: x')],
    ['a client without its id', 'clients: [{ name: x }]'],
    ['a client id that is a number', 'clients: [{ client_id: 5 }]'],
    ['a client id that is blank', 'clients: [{ client_id: }]'],
    ['clients that are a mapping', 'clients: { a: {} }'],
    ['a client that is text', 'clients: [a]'],
    ['a boolean that is text', client('enabled: yes')],
    ['scopes that are text', client('scopes: edit')],
    ['tags with a number', client('tags: [1]')],
    ['introspects with something else', client('introspects: some')],
    ['introspects with a number', client('introspects: [1]')],
    ['an unknown method', client('auth_methods: [magic]')],
    ['no methods', client('auth_methods: []')],
    ['an unknown grant', client('grant_types: [password]')],
    ['metadata that are a list', client('metadata: [1]')],
    ['a lifetime that is text', client('token: { lifetime: an hour }')],
    ['a lifetime that is not whole', client('token: { lifetime: 1.5 }')],
    ['a lifetime of zero', client('token: { lifetime: 0 }')],
    ['a reserved claim', client('token: { claims: { iss: x } }')],
    ['an invalid time', client('credentials: [{ secret: x, expires: soon }]')],
    ['a secret that is a number', client('credentials: [{ secret: 12345678 }]')],
    ['a certificate without a name', client('credentials: [{ certificate: {} }]')],
    ['a certificate of an unknown name', client('credentials: [{ certificate: { subject_dn: "x=" } }]')],
    ['invalid keys', client('credentials: [{ jwks: { keys: [{ kty: EC, crv: P-256, x: AA, y: AA }] } }]')],
    ['random bytes as keys', client('credentials: [{ jwks: { keys: [1] } }]')],
    ['an invalid URL', client('credentials: [{ jwks_uri: nowhere }]')],
    ['an invalid issuer', client('credentials: [{ federated: { issuer: x, audience: y } }]')],
    [
      'an audience that is neither text nor list',
      client('credentials: [{ federated: { issuer: "https://x", audience: 5 } }]'),
    ],
    [
      'claims of lists',
      client('credentials: [{ federated: { issuer: "https://x", audience: y, claims: { a: [1] } } }]'),
    ],
    ['an unknown format', api('token: { format: paseto }')],
    ['an unknown preset', api('token: { preset: nothing }')],
    ['a scope that is a number', api('scopes: [1]')],
    ['a scope without a name', api('scopes: [{ description: x }]')],
  ])('%s', async (_name, manifest) => {
    expectOurs(await runTessera(['apply', '-f', '-'], env(), manifest))
  })

  test.each([
    ['is missing', 1, ['-f', '/nothing.yaml']],
    ['is a folder without manifests', 1, ['-f', 'src/platform']],
    ['is a device', 1, ['-f', '/dev/urandom']],
    ['has a character that no path has', 1, ['-f', 'a\0b']],
    ['is standard input, twice', 2, ['-f', '-', '-f', '-']],
    ['has a name that is too long', 1, ['-f', 'x'.repeat(5_000)]],
  ])('a file that %s', async (_name, exitCode, args) => {
    const printed = await runTessera(['apply', ...args], env())
    expectOurs({ ...printed, stderr: printed.stderr.replaceAll('x'.repeat(5_000), 'x') }, exitCode)
  })
})

describe('a wrong argument of a command', () => {
  const CLIENT = ['--issuer', 'https://localhost:2', '--client-id', 'a'] as const
  test.each<[string, number, () => readonly string[], string?]>([
    ['keys in a missing file', 1, () => ['credentials', 'add', 'a', '--jwks', '/nothing.json']],
    ['keys that aren’t JSON', 1, () => ['credentials', 'add', 'a', '--jwks', file('{')]],
    ['keys in a folder', 1, () => ['credentials', 'add', 'a', '--jwks', folder]],
    ['invalid keys from standard input', 1, () => ['credentials', 'add', 'a', '--jwks', '-'], 'x'],
    ['a malformed issuer', 1, () => ['credentials', 'add', 'a', '--federated', file('a: [')]],
    ['an issuer without its fields', 1, () => ['credentials', 'add', 'a', '--federated', file('')]],
    ['a URL on loopback', 1, () => ['credentials', 'add', 'a', '--jwks-uri', 'https://localhost/keys']],
    ['a certificate of an unknown kind', 1, () => ['credentials', 'add', 'a', '--certificate', 'x=y']],
    ['an invalid end', 2, () => ['credentials', 'add', 'a', '--expires', 'soon']],
    ['a missing variable', 1, () => ['credentials', 'add', 'a', '--secret-env', 'NOT_THERE']],
    ['an unknown client', 3, () => ['clients', 'show', 'nobody']],
    ['an unknown algorithm', 2, () => ['keys', 'rotate', '-a', 'HS256']],
    ['an invalid count', 2, () => ['audit', 'tail', '-n', 'x']],
    ['an invalid token', 1, () => ['revoke', '--token'], 'x'],
    ['an invalid JWT', 1, () => ['revoke', '--token'], 'eyJ.eyJ.x'],
    ['nothing to revoke', 2, () => ['revoke']],
    ['no token to test', 3, () => ['federate', 'test', '--client', 'a'], 'x'],
    ['a backup to an existing file', 5, () => ['backup', '--to', file('x')]],
    ['a backup into a missing folder', 1, () => ['backup', '--to', '/nonexistent/backup.db']],
    ['a backup at an impossible path', 1, () => ['backup', '--to', '/proc/backup.db']],
    ['a backup onto a folder', 5, () => ['backup', '--to', folder]],
    ['a restore from a missing file', 1, () => ['restore', '--from', '/nothing.db']],
    ['a restore from a text', 1, () => ['restore', '--from', file('a text\n'.repeat(999))]],
    ['a restore from a folder', 1, () => ['restore', '--from', folder]],
    [
      'a restore over a running server',
      5,
      () => ['restore', '--replace', '--from', server.config.storage.slice('sqlite:'.length)],
    ],
    [
      'a copy of a missing database',
      1,
      () => ['storage', 'copy', '--from', 'sqlite:/nothing.db', '--to', 'sqlite:x.db'],
    ],
    [
      'a copy to an unreachable host',
      1,
      () => ['storage', 'copy', '--from', server.config.storage, '--to', 'sqlite:/proc/x/y.db'],
    ],
    [
      'a copy to an address that isn’t a database’s',
      2,
      () => ['storage', 'copy', '--from', server.config.storage, '--to', 'mysql://x'],
    ],
    [
      'a copy to a text',
      1,
      () => ['storage', 'copy', '--from', server.config.storage, '--to', `sqlite:${file('a text\n'.repeat(999))}`],
    ],
    ['an unknown option', 2, () => ['clients', 'list', '--nothing']],
    ['an unknown command', 2, () => ['nothing']],
    ['a token as an argument', 2, () => ['decode', 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln']],
    ['two secrets', 2, () => ['token', ...CLIENT, '--secret-env', 'X', '--secret-file', 'x']],
    ['a certificate without a key', 2, () => ['token', ...CLIENT, '--cert', 'x.pem']],
    ['an unknown method', 2, () => ['token', ...CLIENT, '--auth-method', 'magic']],
    ['an unknown platform', 2, () => ['token', ...CLIENT, '--from', 'magic']],
    ['an issuer that is no address', 2, () => ['token', '--issuer', 'nowhere', '--client-id', 'a'], 'secret'],
    ['a client that asks nobody', 2, () => ['introspect', '--client-id', 'a'], 'x'],
    ['a link and a name', 2, () => ['admin', 'bootstrap', '--link', '--name', 'ann']],
    ['neither link nor name', 2, () => ['admin', 'bootstrap']],
    ['an unknown interval', 2, () => ['usage', '--by', 'year']],
    ['two views of usage', 2, () => ['usage', '--top', '--wasteful']],
    ['an invalid limit', 2, () => ['audit', 'list', '--limit', 'x']],
    ['an unknown type of event', 2, () => ['audit', 'list', '--type', 'x']],
    ['a cursor from elsewhere', 2, () => ['audit', 'list', '--cursor', 'x']],
    ['no argument', 2, () => ['clients', 'show']],
  ])('%s', async (_name, exitCode, args, input = '') => {
    expectOurs(await runTessera(args(), env(), input), exitCode)
  })
})

describe('tessera token', () => {
  const ask = async (issuer: string, ...more: readonly string[]) => {
    const ca = file(`${certificate.cert}\n`, 'ca.pem')
    return runTessera(['token', '--issuer', issuer, '--client-id', 'a', '--ca', ca, ...more], {}, 'secret')
  }
  const answers = (status: number, body: string, type = 'application/json') =>
    source(
      startSource(certificate, (_request, response) => response.writeHead(status, { 'content-type': type }).end(body)),
    )
  const metadata = (change: Record<string, unknown>) => async () => {
    const made: { source?: Source } = {}
    made.source = await source(
      startSource(certificate, (request, response) => {
        const issuer = made.source?.url('').replace(/\/$/, '')
        if (request.method === 'GET') sendJson(response, { issuer, token_endpoint: `${issuer}/token`, ...change })
        else sendJson(response, change['answer'] ?? {})
      }),
    )
    return made.source.url('').replace(/\/$/, '')
  }

  const elsewhere = () => startSource(certificate, (_request, response) => response.end(), '127.0.0.3')
  const stranger = async () => {
    const started = startSource(await makeCertificate('localhost'), (_request, response) => response.end())
    return (await source(started)).url('').replace(/\/$/, '')
  }

  test.each<[string, () => string | Promise<string>, RegExp, number?]>([
    ['an invalid issuer', () => 'nowhere', /--issuer must be an address/, 2],
    ['an issuer over http', () => 'http://localhost:9031', /--issuer must be an address such as https:/, 2],
    ['a port where nothing listens', async () => `https://127.0.0.1:${await freePort()}`, /nothing listens there/],
    ['a port that clients block', () => 'https://localhost:1', /no HTTP client may use that port/],
    ['an unknown host', () => 'https://nowhere.invalid', /no host of that name|name could not be looked up/],
    [
      'a server without TLS',
      async () => `https://127.0.0.1:${(await source(startTcp((socket) => socket.end('hello\n')))).port}`,
      /TLS/,
    ],
    [
      'a server that hangs up',
      async () => `https://127.0.0.1:${(await source(startTcp((socket) => socket.destroy()))).port}`,
      /broke the connection off/,
    ],
    ['a certificate of an unknown CA', stranger, /name its authority with --ca/],
    [
      'a certificate for another name',
      async () => (await source(elsewhere())).url('').replace(/\/$/, ''),
      /its certificate is for another name/,
    ],
    ['an answer of 404', async () => (await answers(404, 'no')).url('').replace(/\/$/, ''), /status 404, not 200/],
    ['an answer that isn’t JSON', async () => (await answers(200, 'no')).url('').replace(/\/$/, ''), /is not JSON/],
    [
      'an answer of HTML',
      async () => (await answers(200, '<p>', 'text/html')).url('').replace(/\/$/, ''),
      /is not JSON/,
    ],
    ['an answer of an empty object', async () => (await answers(200, '{}')).url('').replace(/\/$/, ''), /\w/],
    [
      'metadata of another issuer',
      metadata({ issuer: 'https://other.example.com' }),
      /says that its issuer is "https:\/\/other\.example\.com"/,
    ],
    ['metadata without a token endpoint', metadata({ token_endpoint: undefined }), /\w/],
    [
      'metadata with a token endpoint over http',
      metadata({ token_endpoint: 'http://localhost/token' }),
      /not https:\/\/|\w/,
    ],
    ['an answer without a token', metadata({ answer: { a: 1 } }), /is not what an authorization server sends/],
    ['an answer that is text', metadata({ answer: 'x' }), /is not what an authorization server sends/],
  ])('%s', async (_name, issuer, message, exitCode = 1) => {
    const printed = await ask(await issuer())
    expectOurs(printed, exitCode)
    expect(printed.stderr).toMatch(message)
  })

  test.each([
    ['trust in a missing file', '/nothing.pem'],
    ['trust in random bytes', '/dev/null'],
  ])('%s', async (_name, ca) => {
    expectOurs(await runTessera(['token', '--issuer', server.issuer, '--client-id', 'a', '--ca', ca], {}, 'secret'))
  })

  test('a token that only the server can read', async () => {
    await applyTo(
      server.config,
      'apis: [{ audience: "https://sealed", token: { format: sealed }, scopes: [{ name: hidden }] }]\nclients: [{ client_id: s, scopes: [hidden], credentials: [{ secret: for the sealed one }] }]',
    )
    const args = ['token', '--issuer', server.issuer, '--client-id', 's', '--ca', inject('tls').cert, '--decode']
    let printed = await runTessera(args, {}, 'for the sealed one')
    // The first sealing key is published before it is used, and the server learns of the API within a second.
    while (/temporarily|no scope/.test(printed.stderr)) printed = await runTessera(args, {}, 'for the sealed one')
    expectOurs(printed)
    expect(printed.stderr).toContain('the token is sealed')
  })
})

test('an unforeseen error is one sentence, and TESSERA_DEBUG shows its details', () => {
  const error = new TypeError('x is not a function', { cause: new Error('ECONNRESET') })
  expect(explainFailure(error, {})).toBe(
    'an unexpected error occurred: run it again with TESSERA_DEBUG=1 to see the details, and report them',
  )
  expect(explainFailure(error, { TESSERA_DEBUG: '1' })).toMatch(
    /unexpected error.*\nTypeError: x is not a function\n.*at .*ECONNRESET/s,
  )
})
