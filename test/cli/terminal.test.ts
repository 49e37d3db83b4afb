import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { systemEvent } from '../../src/audit/system-event.ts'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { Keyring } from '../../src/keys/keyring.ts'
import { KeyRotation } from '../../src/keys/rotation.ts'
import { rotationPolicy } from '../../src/keys/schedule.ts'
import { formatHash, sha256 } from '../../src/model/credentials/secret-hash.ts'
import { createLogger } from '../../src/observability/log.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { standardError } from '../../src/platform/standard-streams.ts'
import { migrateDatabase, openStore } from '../../src/store/open.ts'
import { runCommand } from '../harness/command.ts'
import { newSecret } from '../harness/model.ts'
import { freePort } from '../harness/port.ts'
import { commandsOf, runTessera } from '../harness/program.ts'
import { openRows } from '../harness/rows.ts'
import { NODE } from '../store/nodes.ts'

/** Text that a manifest may contain, with every kind of character that is dangerous or invisible in a terminal. */
const STORED = [
  'a\tb',
  // C1: NEL, and CSI with a sequence that turns text red.
  '\u0085\u009b31m',
  // Bidi marks.
  '\u061c\u200e\u200f',
  '\u2028\u2029',
  // Invisible characters: zero width, soft hyphen, fillers, selectors, tags.
  '\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u115f\u3164\ufe0f\u{e0001}\u{e0041}',
  'z',
].join('')
/** Bidi embeddings, overrides and isolates, which no name may have. */
const TURNING = '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'
/** Text that a stranger may send. */
const SENT = `${STORED}${TURNING}\u001b[2J\u0007\u007f\rback\nFORGED line\n\u0000`
/** The same as an argument of a process, which can't hold the character zero. */
const ARGUMENT = SENT.replaceAll('\u0000', '')
/** A file name that a message of several lines repeats in each. */
const TWO_MISTAKES = 'two\nFORGED\u001b[2J.yaml'
/** A lone surrogate, which UTF-8 can't encode. */
const LONE = '\ud800'

/** Written out, so that the test is independent of the program's list. */
const FORBIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u115f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\u{e0000}-\u{e0fff}]|\u00ad|\u034f|\ufe0f/u

const quoted = JSON.stringify(STORED)
const unsigned = (claims: object) =>
  `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.AAAA`

let folder: string
let env: Record<string, string>
let requestId: string
let kid: string
let hostile: Server
let hostileIssuer: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-terminal-'))
  // Paths can't contain a tab.
  const storage = `sqlite:${join(folder, `${STORED.replaceAll('\t', '')}.db`)}`
  const secret = Buffer.alloc(32, 7)
  env = { TESSERA_STORAGE: storage, TESSERA_MASTER_KEY: secret.toString('base64') }
  const manifest = `
apis: [{ audience: "https://api.example.com", name: ${quoted}, scopes: [{ name: edit, description: ${quoted} }] }]
clients:
  - client_id: ${quoted}
    name: ${quoted}
    description: ${quoted}
    owner: ${quoted}
    tags: [${quoted}]
    subject: ${quoted}
    metadata: { ${quoted}: ${quoted} }
    scopes: [edit]
    credentials:
      - { label: ${quoted}, secret: ${newSecret()} }
      - { label: rotated, secret: ${newSecret()} }
      - label: workflow
        federated: { issuer: "https://ci.example.com", audience: ${quoted}, subject: ${quoted} }
`
  writeFileSync(join(folder, 'manifest.yaml'), manifest)
  writeFileSync(join(folder, 'field.yaml'), `clients: [{ client_id: a, ${JSON.stringify(`${STORED}\nFORGED`)}: 1 }]`)
  writeFileSync(join(folder, TWO_MISTAKES), 'clients: [{ client_id: a, x: 1 }, { client_id: b, y: 1 }]')
  writeFileSync(join(folder, 'scope.yaml'), `clients: [{ client_id: a, introspects: [${quoted}] }]`)
  await migrateDatabase(storage, systemClock)
  expect(await runTessera(['apply', '-f', join(folder, 'manifest.yaml')], env)).toMatchObject({ code: 0 })

  const store = await openStore(storage, systemClock)
  const event = {
    ...systemEvent('token.issue', {}, { clock: systemClock, random: systemRandom }),
    result: 'refused',
    reason: 'wrong_secret',
    clientId: ARGUMENT,
    remoteAddress: SENT,
    traceId: SENT,
    detail: { [SENT]: SENT, user_agent: SENT + LONE, nested: [{ [SENT]: [SENT] }, { check: SENT, passed: false }] },
  } as const
  requestId = event.requestId
  await store.audit.append([event])
  await store.nodes.putNode({ ...NODE, host: STORED, version: STORED, problems: [STORED], lastSeenAt: Date.now() })
  const masterKey = new MasterKey(secret, systemRandom, undefined)
  const keyring = await Keyring.open(store.keys, masterKey)
  await new KeyRotation({
    store: store.keys,
    keyring,
    masterKey,
    clock: systemClock,
    algorithms: () => ['ES256'],
    policy: async () => rotationPolicy({ rotate_every: 1_000, publish_before: 1_000 }, 0),
    random: systemRandom,
  }).run()
  kid = (await store.keys.listKeys()).found[0]?.kid ?? ''
  const seen = { firstSeen: 0, lastSeen: systemClock.now() - 3_600_000, fetches: 1 }
  await store.keys.addFetches([{ address: SENT, userAgent: SENT, ...seen }])
  await store.close()
  const rows = openRows({ storage })
  // Unusable keys are named in messages. The program stores no character zero.
  rows.run(
    `insert into key (kid, algorithm, state, encrypted_private_key, master_key_id, created_at, active_at)
    values (?, 'A256GCM', 'pending', x'00', ?, 1, 1)`,
    ARGUMENT,
    ARGUMENT,
  )
  rows.run(
    `insert into credential (id, client_id, kind, label, hint, data, encrypted_secret, master_key_id, origin, created_at)
    values (?, ?, 'secret', ?, '', ?, x'00', ?, 'command', 1)`,
    `${ARGUMENT}lost`,
    STORED,
    `${ARGUMENT}lost`,
    JSON.stringify({ hash: formatHash({ kind: 'sha256', digest: sha256('x') }) }),
    ARGUMENT,
  )
  rows.run(
    `insert into key (kid, algorithm, state, encrypted_private_key, master_key_id, created_at, active_at)
    values (?, ?, ?, ?, ?, 1, 1)`,
    `${ARGUMENT}unread`,
    ARGUMENT,
    ARGUMENT,
    Buffer.alloc(1),
    ARGUMENT,
  )
  rows.close()

  const port = await freePort()
  hostileIssuer = `https://localhost:${port}`
  const { cert, key } = inject('tls')
  hostile = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
    response.setHeader('content-type', 'application/json')
    const isMetadata = request.url?.startsWith('/.well-known/')
    const isRefused = request.headers.authorization?.endsWith(Buffer.from('refused:x').toString('base64'))
    const metadata = { issuer: hostileIssuer, token_endpoint: `${hostileIssuer}/token` }
    const refusal = { error: 'invalid_client', error_description: SENT }
    const answer = { access_token: SENT, token_type: 'Bearer', [SENT]: SENT }
    response.statusCode = isMetadata || !isRefused ? 200 : 400
    response.end(JSON.stringify(isMetadata ? metadata : isRefused ? refusal : answer))
  }).listen(port)
})
afterAll(() => {
  hostile.close()
  rmSync(folder, { recursive: true })
})

/** A command line, its input, and whether it prints stored text, which JSON output must keep intact. */
interface Line {
  readonly args: readonly string[]
  readonly input?: string
  readonly prints?: string
}

const at = (name: string) => join(folder, name)
const token = (id: string, ...more: string[]): Line => ({
  args: ['token', '--issuer', hostileIssuer, '--client-id', id, '--auth-method', 'client_secret_basic', ...more],
  input: 'x',
})

/** Every command that prints outside text, in an order in which each finds its data. */
const lines: Readonly<Record<string, () => readonly Line[]>> = {
  diff: () => [
    { args: ['diff', '-f', at('manifest.yaml')] },
    { args: ['diff', '-f', at('field.yaml')] },
    { args: ['diff', '-f', at('scope.yaml')] },
  ],
  apply: () => [
    { args: ['apply', '-f', at('manifest.yaml'), '--dry-run'] },
    { args: ['apply', '-f', at('field.yaml')] },
    { args: ['apply', '-f', at('scope.yaml')] },
    { args: ['apply', '-f', at(TWO_MISTAKES)] },
    { args: ['apply', '-f', `${STORED}\u001b[31m`] },
  ],
  'audit tail': () => [
    { args: ['audit', 'tail', '-n', '1000'], prints: SENT },
    { args: ['audit', 'tail', '--client', ARGUMENT], prints: ARGUMENT },
    { args: ['audit', 'tail', '-n', SENT] },
  ],
  'audit list': () => [{ args: ['audit', 'list'], prints: SENT }, { args: ['audit', 'list', '--limit', SENT] }],
  'clients list': () => [{ args: ['clients', 'list'], prints: STORED }],
  'clients show': () => [{ args: ['clients', 'show', STORED], prints: STORED }, { args: ['clients', 'show', SENT] }],
  'clients disable': () => [{ args: ['clients', 'disable', STORED, '--yes'], prints: STORED }],
  'clients enable': () => [{ args: ['clients', 'enable', STORED], prints: STORED }],
  'clients create': () => [{ args: ['clients', 'create', `${STORED}-new`, '--secrets-to', 'stdout'] }],
  'apis list': () => [{ args: ['apis', 'list'], prints: STORED }],
  'apis delete': () => [{ args: ['apis', 'delete', SENT, '--yes'] }],
  'clients delete': () => [
    { args: ['clients', 'delete', `${STORED}-new`] },
    { args: ['clients', 'delete', SENT, '--yes'] },
  ],
  'nodes list': () => [{ args: ['nodes', 'list'], prints: STORED }],
  'groups put': () => [{ args: ['groups', 'put', STORED, '-f', '-'], input: `description: ${quoted}` }],
  'groups list': () => [{ args: ['groups', 'list'], prints: STORED }],
  'groups show': () => [{ args: ['groups', 'show', STORED], prints: STORED }],
  'groups delete': () => [{ args: ['groups', 'delete', STORED] }, { args: ['groups', 'delete', SENT, '--yes'] }],
  'apis show': () => [
    { args: ['apis', 'show', 'https://api.example.com'], prints: STORED },
    { args: ['apis', 'show', SENT] },
  ],
  export: () => [
    { args: ['export'], prints: STORED },
    { args: ['export', '--client', SENT] },
    { args: ['export', '--owner', SENT] },
  ],
  'credentials list': () => [{ args: ['credentials', 'list', STORED], prints: STORED }],
  'credentials add': () => [
    { args: ['credentials', 'add', STORED, '--label', `${STORED}-added`, '--secrets-to', 'stdout'], prints: STORED },
  ],
  'credentials rotate': () => [
    { args: ['credentials', 'rotate', STORED, STORED, '--label', `${STORED}-next`, '--secrets-to', 'stdout'] },
  ],
  'credentials label': () => [{ args: ['credentials', 'label', STORED, `${STORED}-added`, `${STORED}-other`] }],
  'credentials cancel': () => [{ args: ['credentials', 'cancel', STORED, `${STORED}-next`, '--yes'] }],
  'credentials revoke': () => [{ args: ['credentials', 'revoke', STORED, STORED, '--yes'] }],
  'credentials remove': () => [
    { args: ['credentials', 'remove', STORED, STORED, '--yes'] },
    { args: ['credentials', 'remove', STORED, SENT, '--yes'] },
  ],
  explain: () => [{ args: ['explain', requestId], prints: SENT }, { args: ['explain', SENT] }],
  decode: () => [{ args: ['decode'], input: unsigned({ sub: SENT }), prints: SENT }, { args: ['decode', SENT] }],
  verify: () => [{ args: ['verify', '--issuer', hostileIssuer], input: unsigned({ sub: SENT }) }],
  introspect: () => [
    { args: ['introspect'], input: unsigned({ sub: SENT }), prints: SENT },
    { args: ['introspect', '--as', SENT], input: unsigned({ sub: SENT }), prints: SENT },
  ],
  'federate test': () => [
    {
      args: ['federate', 'test', '--client', STORED],
      input: unsigned({ iss: SENT, aud: SENT, sub: SENT }),
      prints: 'https://ci.example.com',
    },
  ],
  'keys list': () => [{ args: ['keys', 'list'], prints: ARGUMENT }],
  backup: () => [{ args: ['backup', '--to', join(folder, `${STORED}.db`)] }],
  'keys rewrap': () => [{ args: ['keys', 'rewrap'] }],
  'keys repair': () => [{ args: ['keys', 'repair'], prints: ARGUMENT }, { args: ['keys', 'repair', '--yes'] }],
  'keys revoke': () => [{ args: ['keys', 'revoke', SENT, '--yes'] }, { args: ['keys', 'revoke', kid] }],
  revoke: () => [
    { args: ['revoke', '--client', STORED, '--yes'] },
    { args: ['revoke', '--client', SENT, '--yes'] },
    { args: ['revoke', '--api', SENT, '--yes'] },
    { args: ['revoke', '--key', SENT, '--yes'] },
    { args: ['revoke', '--jti', SENT] },
  ],
  token: () => [token('accepted'), token('accepted', '--decode'), token('refused')],
  health: () => [{ args: ['health'] }],
  upgrade: () => [{ args: ['upgrade', '--check'] }],
  'config check': () => [{ args: ['config', 'check', '--issuer', SENT] }],
  restore: () => [{ args: ['restore', '--from', join(folder, SENT.replaceAll('\0', ''))] }],
  'storage compact': () => [{ args: ['storage', 'compact'] }],
  'storage copy': () => [{ args: ['storage', 'copy', '--from', `sqlite:${SENT}`, '--to', 'sqlite::memory:'] }],
}

/** Commands that print no outside text. */
const OTHERS = [
  'dev mint',
  'dev jwks',
  'admin bootstrap',
  'admin reset',
  'login',
  'logout',
  'whoami',
  'profiles list',
  'profiles use',
  'profiles delete',
  'revocations list',
  'completion',
  'audit export',
  'audit rotate-key',
  'audit verify',
  'usage',
  'import',
  'plan',
  'validate',
  'config reference',
  'dev',
  'help',
  'keys rollback',
  'keys rotate',
  'serve',
  'storage migrate',
]

test('the tables have each command, as one that prints outside text or none', () => {
  expect([...commandsOf().keys()].sort()).toEqual([...Object.keys(lines), ...OTHERS].sort())
})

/** Runs a command line that reads `input`. */
const run = ({ args, input }: Line, ...more: string[]) => runTessera([...args, ...more], env, input)

function expectHarmless(text: string): void {
  expect(FORBIDDEN.exec(text)?.[0].codePointAt(0)?.toString(16)).toBeUndefined()
  expect(text.isWellFormed()).toBe(true)
  expect(text.split('\n').filter((line) => /^\s*(FORGED|back)/.test(line))).toEqual([])
}

/** Every text in a JSON value. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [name, ...textsIn(inner)])
}

describe('no output controls the terminal', () => {
  test.each(Object.keys(lines))('%s', async (name) => {
    const hasJson = commandsOf()
      .get(name)
      ?.options.some(({ long }) => long === '--json')
    for (const line of lines[name]?.() ?? []) {
      const { stdout, stderr } = await run(line)
      expect(stdout + stderr).not.toBe('')
      expectHarmless(stdout + stderr)
      if (!hasJson) continue
      const inJson = await run(line, '--json')
      expectHarmless(inJson.stdout + inJson.stderr)
      if (line.prints === undefined) continue
      const texts = inJson.stdout
        .replaceAll('\n}\n{', '\n}\u0000{')
        .split(/\0|\n(?=\{"seq")/)
        .flatMap((part) => textsIn(JSON.parse(part)))
      expect(texts.some((text) => text.includes(line.prints ?? ''))).toBe(true)
    }
  })

  test('the log', async () => {
    const log = createLogger('debug')
    const { stderr } = await runCommand({}, async () => {
      log.warn({ [SENT]: SENT + LONE, err: new Error(SENT) }, SENT)
    })
    expectHarmless(stderr)
    expect(stderr.split('\n')).toHaveLength(2)
    expect(JSON.parse(stderr)).toMatchObject({ [SENT]: SENT + LONE, msg: SENT, err: { message: SENT } })
  })
})

test('a log that can’t be written, on a full disk or a closed pipe, stops no server', () => {
  const log = createLogger('debug')
  for (const code of ['ENOSPC', 'EPIPE', 'EIO']) {
    const put = vi.spyOn(standardError, 'put').mockImplementation(() => {
      throw Object.assign(new Error(code), { code })
    })
    expect(() => log.info('a line')).not.toThrow()
    expect(put).toHaveBeenCalled()
    put.mockRestore()
  }
})

test('all output goes through the one module that escapes it', () => {
  const direct =
    /process\.(stdout|stderr)|\bconsole\.(?:log|info|warn|error|debug|trace|table|dir)\b|\bwriteSync\b|pino\.destination|\/dev\/(stdout|stderr|tty)/
  const found = globSync('src/**/*.ts').filter((file) => direct.test(readFileSync(file, 'utf8')))
  expect(found).toEqual(['src/platform/standard-streams.ts'])
})
