import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StoredAuditEvent } from '../../../src/audit/store.ts'
import { clientsEnable, clientsList, clientsShow } from '../../../src/cli/clients.ts'
import {
  credentialsAdd,
  credentialsCancel,
  credentialsLabel,
  credentialsList,
  credentialsRemove,
  credentialsRevoke,
  credentialsRotate,
} from '../../../src/cli/credentials.ts'
import { formatHash, sha256 } from '../../../src/model/credentials/secret-hash.ts'
import { ClientId } from '../../../src/oauth/ids.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { openStore } from '../../../src/store/open.ts'
import { tessera } from '../../harness/cli.ts'
import { runCommand } from '../../harness/command.ts'
import { newSecret, oneApi } from '../../harness/model.ts'
import { UNAUTHENTICATED, withoutRequestId } from '../../harness/refused.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { newJwk } from '../../harness/source.ts'
import { A_SECOND, until } from '../../harness/until.ts'

const FIRST = newSecret()
const CHOSEN = 'chosen by a person, and long enough to sign with'
const HOUR = 3_600_000

/** The server's clock. A test moves it on to end a lifetime of an hour. */
const clock = { ahead: 0, now: () => Date.now() + clock.ahead, monotonic: () => performance.now() }

const client = (id: string, credentials = `[{ label: first, secret: ${FIRST} }]`) =>
  `  - { client_id: ${id}, scopes: [edit], credentials: ${credentials} }`

let server: TestServer
let env: Record<string, string>
beforeAll(async () => {
  server = await startTestServer({
    clock,
    manifest: `
${oneApi('edit')}
clients:
${['rotated', 'cancelled', 'revoked', 'disabled', 'removed', 'kinds', 'again', 'often', 'leaking'].map((id) => client(id)).join('\n')}
${client('bare', '[]')}
${client('keys', `[{ label: inline, jwks: { keys: [${JSON.stringify(newJwk('k1'))}] } }]`)}
`,
  })
  env = {
    TESSERA_STORAGE: server.config.storage,
    TESSERA_MASTER_KEY: server.config.masterKey.toString('base64'),
    THE_SECRET: CHOSEN,
  }
})
afterAll(() => server.stop())

/** Everything that the commands of this file have printed. */
const printed: string[] = []
/** All generated secrets. Each was printed once. */
const generated: string[] = []

/** Runs `tessera` as another process beside the server. */
async function cli(...args: string[]) {
  const outcome = await tessera(args, { env })
  printed.push(outcome.stdout, outcome.stderr)
  return outcome
}

/** Runs a command's function in this process. */
async function run(command: () => Promise<void>) {
  const outcome = await runCommand(env, command)
  printed.push(outcome.stdout, outcome.stderr, outcome.error ?? '')
  return outcome
}

/** Parses the JSON that a command prints. */
async function json<Shape>(command: () => Promise<void>): Promise<Shape> {
  const { stdout, error } = await run(command)
  expect(error).toBeUndefined()
  return JSON.parse(stdout)
}

interface Listed {
  readonly id: string
  readonly kind: string
  readonly label: string
  readonly hint: string
  readonly origin: string
  readonly status: string
  readonly created: string
  readonly expires?: string
  readonly last_used?: string
  readonly revoked?: string
  readonly replaces?: string
  readonly secret?: string
}
const list = (id: string) => json<readonly Listed[]>(() => credentialsList(id, { json: true }))

const ask = (id: string, secret: string) =>
  server.token({ grant_type: 'client_credentials', scope: 'edit' }, basic(id, secret))

/** Milliseconds until the server answers with this status. */
const untilStatus = (status: number, id: string, secret: string): Promise<number> =>
  until(async () => (await ask(id, secret)).status === status)

async function reasonOf(id: string, secret: string): Promise<Pick<StoredAuditEvent, 'reason' | 'detail'>> {
  const response = await ask(id, secret)
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toBe(`Basic realm="${server.issuer}", charset="UTF-8"`)
  expect(withoutRequestId(await response.text(), response.headers.get('x-request-id'))).toBe(UNAUTHENTICATED)
  const [event] = await server.audit(response.headers.get('x-request-id'))
  return { reason: event?.reason, detail: event?.detail ?? {} }
}

/** The events about a client, except those of its own requests. */
async function recorded(id: string): Promise<readonly StoredAuditEvent[]> {
  const events = await server.audit()
  return events.filter(({ type, clientId }) => clientId === id && !type.startsWith('token.'))
}

const secretIn = (stdout: string): string => {
  const [secret = '', ...more] = stdout.split('\n').filter((line) => line.startsWith('tss_'))
  expect(more).toEqual([])
  generated.push(secret)
  return secret
}

test('rotate: both credentials work at once, and the old one ends with the overlap', async () => {
  const outcome = await cli('credentials', 'rotate', 'rotated', '--overlap', '1h', '--secrets-to', 'stdout')
  expect(outcome.code).toBe(0)
  const [line, secret] = outcome.stdout.trimEnd().split('\n')
  const next = secretIn(outcome.stdout)
  expect(secret).toBe(next)
  expect(line).toMatch(
    /^[0-9a-f-]{36} {2}secret {2}"first, \d{4}-\d\d-\d\d" {2}…\w{4} {2}active {2}created \S+ {2}no expiry {2}never used$/,
  )
  expect(line).toContain(`…${next.slice(-4)} `)
  expect(outcome.stderr).toMatch(
    /^The secret is shown only once:\nThe old credential, first, is valid until \d{4}-\d\d-\d\dT[\d:.]+Z\.\n$/,
  )

  // Use the old one first, so that its last use is recorded no later than the new one's.
  expect((await ask('rotated', FIRST)).status).toBe(200)
  expect(await untilStatus(200, 'rotated', next)).toBeLessThan(A_SECOND)
  const [old, young] = await list('rotated')
  expect(old).toMatchObject({ label: 'first', origin: 'manifest', status: 'replaced', hint: FIRST.slice(-4) })
  expect(young).toMatchObject({ kind: 'secret', origin: 'command', status: 'active', replaces: old?.id })
  const left = Date.parse(old?.expires ?? '') - Date.now()
  expect(left).toBeGreaterThan(HOUR - 60_000)
  expect(left).toBeLessThanOrEqual(HOUR)

  clock.ahead += HOUR
  expect((await ask('rotated', next)).status).toBe(200)
  expect(await reasonOf('rotated', FIRST)).toMatchObject({
    reason: 'expired_credential',
    detail: { label: 'first', credential: old?.id, expired: old?.expires },
  })
  expect(await recorded('rotated')).toMatchObject([
    {
      type: 'credential.rotate',
      result: 'success',
      detail: { credential: young?.id, kind: 'secret', replaces: old?.id, old_expires: old?.expires },
    },
  ])
})

/** The expired credentials of commands that stay: docs/reference/limits.md. */
const MOST_EXPIRED = 20

test('rotating and adding again and again: the oldest expired ones of commands go, and the chain stays whole', async () => {
  const rotate = async () => {
    const made = await json<Listed>(() =>
      credentialsRotate('often', undefined, { overlap: '0s', json: true, secretsTo: 'stdout' }),
    )
    generated.push(made.secret ?? '')
    return made
  }
  const made: Listed[] = []
  while (made.length < MOST_EXPIRED + 3) made.push(await rotate())
  const ids = made.map(({ id }) => id)
  const [own, ...others] = await list('often')
  expect(own).toMatchObject({ label: 'first', origin: 'manifest', status: 'expired' })
  // The last one is valid. Twenty were expired before the last rotation, which ended another.
  expect(others.map(({ id }) => id)).toEqual(ids.slice(-MOST_EXPIRED - 2))
  expect(others.map(({ replaces }) => replaces)).toEqual([own?.id, ...ids.slice(-MOST_EXPIRED - 2, -1)])
  expect(others.map(({ status }) => status)).toEqual([...Array(MOST_EXPIRED + 1).fill('expired'), 'active'])
  const { changes } = (await recorded('often')).at(-1) ?? {}
  expect(JSON.stringify(changes)).toContain(ids.at(-MOST_EXPIRED - 3))

  const added = await json<Listed>(() => credentialsAdd('often', { json: true, secretsTo: 'stdout' }))
  generated.push(added.secret ?? '')
  const left = await list('often')
  expect(left.map(({ id }) => id)).toEqual([own?.id, ...ids.slice(-MOST_EXPIRED - 1), added.id])
  expect(left[1]?.replaces).toBe(own?.id)
})

/** The revoked credentials of commands that stay: docs/reference/limits.md. */
const MOST_REVOKED = 50

test('adding and revoking again and again: the oldest revoked ones of commands go', async () => {
  const add = async () => {
    const made = await json<Listed>(() => credentialsAdd('leaking', { json: true, secretsTo: 'stdout' }))
    generated.push(made.secret ?? '')
    return made.id
  }
  await json(() => credentialsRevoke('leaking', 'first', { json: true, yes: true }))
  const ids: string[] = []
  while (ids.length < MOST_REVOKED + 3) {
    const id = await add()
    await json(() => credentialsRevoke('leaking', id, { json: true, yes: true }))
    ids.push(id)
  }
  const last = await add()
  const left = await list('leaking')
  expect(left.map(({ label, id }) => (label === 'first' ? label : id))).toEqual([
    'first',
    ...ids.slice(-MOST_REVOKED),
    last,
  ])
  expect(left.map(({ status }) => status)).toEqual([...Array(MOST_REVOKED + 1).fill('revoked'), 'active'])
})

test('cancel: the old one stays valid, and the new one is refused within a second', async () => {
  const made = await json<Listed>(() =>
    credentialsRotate('cancelled', 'first', { overlap: '2h', json: true, secretsTo: 'stdout' }),
  )
  const next = made.secret ?? ''
  generated.push(next)
  await untilStatus(200, 'cancelled', next)
  const outcome = await cli('credentials', 'cancel', 'cancelled', made.id, '--yes')
  expect(outcome).toMatchObject({ code: 0, stdout: 'first is valid again\n' })
  expect(await untilStatus(401, 'cancelled', next)).toBeLessThan(A_SECOND)
  clock.ahead += 2 * HOUR
  expect((await ask('cancelled', FIRST)).status).toBe(200)
  expect(await reasonOf('cancelled', next)).toMatchObject({ reason: 'wrong_secret' })
  expect((await list('cancelled')).map(({ label, status }) => [label, status])).toEqual([['first', 'active']])
  const events = await recorded('cancelled')
  expect(events.map(({ type }) => type)).toEqual(['credential.rotate', 'credential.cancel'])
  expect(events[1]?.detail).toMatchObject({ label: 'first', removed: made.id })
})

test('revoke: a running server refuses the credential within a second, and records the reason', async () => {
  expect((await ask('revoked', FIRST)).status).toBe(200)
  const outcome = await cli('credentials', 'revoke', 'revoked', 'first', '--yes')
  expect(outcome).toMatchObject({ code: 0, stdout: 'first is revoked\n' })
  expect(outcome.stderr).toContain('tessera revoke --client revoked')
  expect(await untilStatus(401, 'revoked', FIRST)).toBeLessThan(A_SECOND)
  const [listed] = await list('revoked')
  expect(listed).toMatchObject({ status: 'revoked', revoked: expect.any(String) })
  expect(await reasonOf('revoked', FIRST)).toMatchObject({
    reason: 'revoked_credential',
    detail: { label: 'first', revoked: listed?.revoked, method: 'client_secret_basic' },
  })
  expect(await recorded('revoked')).toMatchObject([{ type: 'credential.revoke', detail: { label: 'first' } }])
})

test('disable and enable: a running server follows within a second', async () => {
  expect(await cli('clients', 'disable', 'disabled', '--yes')).toMatchObject({
    code: 0,
    stdout: 'disabled is disabled\n',
    stderr: expect.stringMatching(/introspection reports its earlier tokens as inactive, for good\.\n/),
  })
  expect(await untilStatus(401, 'disabled', FIRST)).toBeLessThan(A_SECOND)
  expect(await reasonOf('disabled', FIRST)).toMatchObject({ reason: 'client_disabled' })
  expect(await json(() => clientsEnable('disabled', false, { json: true, yes: true }))).toMatchObject({
    enabled: false,
  })
  expect(await json(() => clientsEnable('disabled', true, { json: true }))).toMatchObject({
    client_id: 'disabled',
    enabled: true,
  })
  expect(await untilStatus(200, 'disabled', FIRST)).toBeLessThan(A_SECOND)
  // A command that changes nothing writes no event.
  expect((await recorded('disabled')).map(({ type, detail }) => [type, detail])).toEqual([
    ['client.change', { enabled: false }],
    ['client.change', { enabled: true }],
  ])
})

test('add, label, list and remove', async () => {
  const added = await cli(
    'credentials',
    'add',
    'removed',
    '--label',
    'second',
    '--expires',
    '90d',
    '--secrets-to',
    'stdout',
  )
  expect(added).toMatchObject({ code: 0, stderr: 'The secret is shown only once:\n' })
  const secret = secretIn(added.stdout)
  expect(await untilStatus(200, 'removed', secret)).toBeLessThan(A_SECOND)
  expect((await ask('removed', FIRST)).status).toBe(200)

  expect(await run(() => credentialsLabel('removed', 'second', 'third', {}))).toEqual({
    stdout: 'third has its new label\n',
    stderr: '',
    error: undefined,
  })
  const table = await cli('credentials', 'list', 'removed')
  expect(table).toMatchObject({ code: 0, stderr: '' })
  const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`
  const row = (label: string, hint: string, expires: string) =>
    expect.stringMatching(new RegExp(`^\\S{36} +secret +${label} +…${hint} +active +${time} +${expires} +(-|${time})$`))
  expect(table.stdout.split('\n')).toEqual([
    expect.stringMatching(/^ID +KIND +LABEL +HINT +STATUS +CREATED +EXPIRES +LAST USED$/),
    row('first', FIRST.slice(-4), '-'),
    row('third', secret.slice(-4), time),
    '',
  ])

  expect((await run(() => credentialsRemove('removed', 'third', { yes: true }))).stdout).toBe('third is removed\n')
  expect(await untilStatus(401, 'removed', secret)).toBeLessThan(A_SECOND)
  expect((await list('removed')).map(({ label }) => label)).toEqual(['first'])
  expect((await recorded('removed')).map(({ type, detail }) => [type, detail['label']])).toEqual([
    ['credential.add', 'second'],
    ['credential.change', 'third'],
    ['credential.remove', 'third'],
  ])
})

describe('add, by kind of credential', () => {
  const file = (name: string, content: string) => {
    const path = join(server.folder, name)
    writeFileSync(path, content)
    return path
  }
  const outside = `
issuer: https://ci.example.com
audience: https://auth.example.com
subject: repo:org/repo
`
  const cases: [string, () => Parameters<typeof credentialsAdd>[1], Partial<Listed>][] = [
    ['the environment', () => ({ secretEnv: 'THE_SECRET' }), { kind: 'secret', hint: '' }],
    ['a secret for signing', () => ({ secretEnv: 'THE_SECRET', retrievable: true }), { kind: 'secret', hint: '' }],
    [
      'a set of keys',
      () => ({ jwks: file('set.json', JSON.stringify({ keys: [newJwk('one'), newJwk('two')] })), algorithm: 'ES256' }),
      { kind: 'keys', hint: 'one, two' },
    ],
    ['one key', () => ({ jwks: file('key.json', JSON.stringify(newJwk('alone'))) }), { kind: 'keys', hint: 'alone' }],
    ['keys at a URL', () => ({ jwksUri: 'https://keys.example.com/jwks' }), { kind: 'keys', hint: 'keys.example.com' }],
    [
      'a certificate',
      () => ({ certificate: 'san_dns=edge.example.com' }),
      { kind: 'certificate', hint: 'edge.example.com' },
    ],
    [
      'an outside issuer',
      () => ({ federated: file('trust.yaml', outside) }),
      { kind: 'federated', hint: 'ci.example.com' },
    ],
  ]
  test.each(cases)('%s', async (_name, options, expected) => {
    const label = `made of ${_name}`
    const made = await json<Listed>(() =>
      credentialsAdd('kinds', { ...options(), label, json: true, secretsTo: 'stdout' }),
    )
    expect(made).toMatchObject({ ...expected, label, origin: 'command', status: 'active' })
    expect(made).not.toHaveProperty('secret')
    expect((await list('kinds')).at(-1)).toEqual(made)
    const events = await recorded('kinds')
    expect(events.at(-1)).toMatchObject({
      type: 'credential.add',
      result: 'success',
      clientId: 'kinds',
      detail: { credential: made.id, label, kind: expected.kind },
    })
  })

  test('none: a secret is generated, with the date as label', async () => {
    const made = await json<Listed>(() => credentialsAdd('kinds', { json: true, secretsTo: 'stdout' }))
    generated.push(made.secret ?? '')
    expect(made.label).toBe(`added ${made.created.slice(0, 10)}`)
    const again = await json<Listed>(() => credentialsAdd('kinds', { json: true, secretsTo: 'stdout' }))
    generated.push(again.secret ?? '')
    expect(again.label).toBe(`added ${made.created.slice(0, 10)} (2)`)
    expect(made.secret).toMatch(/^tss_[0-9A-Za-z]{49}$/)
    await untilStatus(200, 'kinds', again.secret ?? '')
  })
})

describe('rotations in a row', () => {
  test('each follows the active one; cancelling goes back a step, past a revoked one', async () => {
    const rotate = async (name?: string) => {
      const made = await json<Listed>(() =>
        credentialsRotate('again', name, { overlap: '1d', json: true, secretsTo: 'stdout' }),
      )
      generated.push(made.secret ?? '')
      return made
    }
    const statuses = async () => (await list('again')).map(({ label, status }) => [label.replace(/.*, /, ''), status])
    const date = new Date().toISOString().slice(0, 10)
    const second = await rotate()
    const third = await rotate()
    expect([second.label, third.label]).toEqual([`first, ${date}`, `first, ${date} (2)`])
    expect(third.replaces).toBe(second.id)
    expect(await statuses()).toEqual([
      ['first', 'replaced'],
      [date, 'replaced'],
      [`${date} (2)`, 'active'],
    ])
    // Its successor may be in use, and has one itself.
    expect((await run(() => credentialsCancel('again', 'first', { yes: true }))).error).toBe(
      `"first, ${date}" was rotated already: "first, ${date} (2)" comes after it; cancel that first`,
    )
    // A revoked credential follows nothing any more. Its predecessor is the active one again.
    expect((await run(() => credentialsRevoke('again', third.label, { yes: true }))).error).toBeUndefined()
    const fourth = await rotate()
    expect(fourth.replaces).toBe(second.id)
    expect((await run(() => credentialsCancel('again', second.label, { yes: true }))).error).toBeUndefined()
    expect(await statuses()).toEqual([
      ['first', 'replaced'],
      [date, 'active'],
      [`${date} (2)`, 'revoked'],
    ])
    // The successor of a removed credential follows the removed one's predecessor.
    const fifth = await rotate()
    expect((await run(() => credentialsRemove('again', second.label, { yes: true }))).error).toBeUndefined()
    const all = await list('again')
    expect(all.find(({ id }) => id === fifth.id)?.replaces).toBe(all.find(({ label }) => label === 'first')?.id)
    expect(all.find(({ label }) => label === 'first')).toMatchObject({
      status: 'replaced',
      expires: expect.any(String),
    })
  })
})

describe('a mistake is one line', () => {
  const overlap = '1h'
  const cases: [string, () => Promise<void>, string | RegExp][] = [
    ['listing an unknown client', () => credentialsList('nobody', {}), 'there is no client "nobody"'],
    ['adding to an unknown client', () => credentialsAdd('nobody', {}), 'there is no client "nobody"'],
    [
      'rotating for an unknown client',
      () => credentialsRotate('nobody', undefined, { overlap }),
      'there is no client "nobody"',
    ],
    [
      'revoking for an unknown client',
      () => credentialsRevoke('no\nbody', 'x', { yes: true }),
      'there is no client "no\\nbody"',
    ],
    ['showing an unknown client', () => clientsShow('nobody', {}), 'there is no client "nobody"'],
    ['disabling an unknown client', () => clientsEnable('nobody', false, {}), 'there is no client "nobody"'],
    [
      'an unknown credential',
      () => credentialsRevoke('keys', 'x', { yes: true }),
      'the client has no credential "x"; it has "inline"',
    ],
    [
      'a credential of a client without any',
      () => credentialsRemove('bare', 'x', { yes: true }),
      'the client has no credential "x"; it has none',
    ],
    [
      'rotating without any credential',
      () => credentialsRotate('bare', undefined, { overlap }),
      'the client has no valid credential',
    ],
    [
      'rotating one of several',
      () => credentialsRotate('kinds', undefined, { overlap }),
      /^name one of its credentials: "first", "made of the environment", /,
    ],
    [
      'rotating a credential with a successor',
      () => credentialsRotate('rotated', 'first', { overlap }),
      /^"first" was rotated already: "first, \S+" comes after it; cancel that first$/,
    ],
    ['rotating a revoked credential', () => credentialsRotate('revoked', 'first', { overlap }), '"first" was revoked'],
    [
      'revoking a revoked credential',
      () => credentialsRevoke('revoked', 'first', { yes: true }),
      '"first" was revoked already',
    ],
    [
      'rotating keys without new ones',
      () => credentialsRotate('keys', 'inline', { overlap }),
      '"inline" is of the kind keys: describe its successor',
    ],
    [
      'cancelling a rotation that never was',
      () => credentialsCancel('keys', 'inline', {}),
      '"inline" came after no other: revoke or remove it',
    ],
    [
      'a label of the manifest',
      () => credentialsLabel('keys', 'inline', 'x', {}),
      `"inline" belongs to a manifest: change its label there`,
    ],
    ['a label with terminal escapes', () => credentialsAdd('kinds', { label: 'the \u001b[31mred one' }), /^label must/],
    ['no label', () => credentialsAdd('kinds', { label: '' }), /^label must/],
    ['a label too long', () => credentialsAdd('kinds', { label: 'x'.repeat(129) }), /^label must/],
    [
      'an overlap that isn’t a duration',
      () => credentialsRotate('keys', 'inline', { overlap: 'a\nwhile' }),
      '--overlap must be a number and a unit, such as 90s, 30m, 24h or 7d, not "a\\nwhile"',
    ],
    [
      'an overlap without a unit',
      () => credentialsRotate('keys', 'inline', { overlap: '5' }),
      /^--overlap must be a number and a unit/,
    ],
    [
      'a negative overlap',
      () => credentialsRotate('keys', 'inline', { overlap: '-5s' }),
      /^--overlap must be a number and a unit/,
    ],
    [
      'an expiry that isn’t a time',
      () => credentialsAdd('kinds', { expires: 'soon' }),
      /^--expires must be a time such as/,
    ],
    [
      'an expiry without a zone',
      () => credentialsAdd('kinds', { expires: '2030-01-01T00:00:00' }),
      /^--expires must be a time such as/,
    ],
    [
      'two kinds at once',
      () => credentialsAdd('kinds', { secretEnv: 'X', jwksUri: 'https://x' }),
      'give --secret-env or --jwks-uri, not both',
    ],
    [
      'a missing variable',
      () => credentialsAdd('kinds', { secretEnv: 'NOT_THERE' }),
      'the environment has no NOT_THERE',
    ],
    [
      'a short secret for signing',
      () => credentialsAdd('kinds', { secretEnv: 'SHORT', retrievable: true }),
      /^a secret that the client signs with must have at least 32 bytes/,
    ],
    [
      'an unknown algorithm',
      () => credentialsAdd('kinds', { jwksUri: 'https://x', algorithm: 'HS256' }),
      '--algorithm: HS256 is not known',
    ],
    [
      'keys in a missing file',
      () => credentialsAdd('kinds', { jwks: '/nothing.json' }),
      /^\/nothing\.json can't be read: /,
    ],
    ['keys that aren’t JSON', () => credentialsAdd('kinds', { jwks: fileWith('{') }), /is not JSON$/],
    ['keys that are null', () => credentialsAdd('kinds', { jwks: fileWith('null') }), /is not a JWK set$/],
    [
      'an empty set of keys',
      () => credentialsAdd('kinds', { jwks: fileWith('{"keys":[]}') }),
      'jwks/keys must have an entry',
    ],
    [
      'a private key',
      () => credentialsAdd('kinds', { jwks: fileWith('{"kty":"OKP","crv":"Ed25519","x":"x","d":"d"}') }),
      /private key/,
    ],
    [
      'keys at an internal address',
      () => credentialsAdd('kinds', { jwksUri: 'https://169.254.169.254/' }),
      /^must not lead to 169\.254\.169\.254/,
    ],
    [
      'keys without TLS',
      () => credentialsAdd('kinds', { jwksUri: 'http://keys.example.com/' }),
      'must begin with https://',
    ],
    [
      'a certificate without a name',
      () => credentialsAdd('kinds', { certificate: 'edge' }),
      /^--certificate must be a name and a value/,
    ],
    ['a certificate of an unknown name', () => credentialsAdd('kinds', { certificate: 'x=edge' }), /./],
    [
      'an outside issuer without an audience',
      () => credentialsAdd('kinds', { federated: fileWith('issuer: https://x') }),
      /: audience: /,
    ],
    [
      'an outside issuer that accepts any of its tokens',
      () => credentialsAdd('kinds', { federated: fileWith('{ issuer: "https://x", audience: y }') }),
      /^A subject, claims or a condition is required/,
    ],
    [
      'an outside issuer at an internal address',
      () =>
        credentialsAdd('kinds', { federated: fileWith('{ issuer: "https://127.0.0.1", audience: y, subject: z }') }),
      /^https:\/\/127\.0\.0\.1 must not lead to 127\.0\.0\.1/,
    ],
  ]
  const fileWith = (content: string) => {
    const path = join(server.folder, 'given')
    writeFileSync(path, content)
    return path
  }
  test.each(cases)('%s', async (_name, command, message) => {
    const ids = ['keys', 'bare', 'kinds', 'rotated', 'revoked']
    const before = await Promise.all(ids.map((id) => stored(id)))
    env['SHORT'] = 'short'
    const { error, stdout } = await run(command)
    expect(error).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
    expect(error).not.toMatch(/\n/)
    expect(stdout).toBe('')
    expect(await Promise.all(ids.map((id) => stored(id)))).toEqual(before)
  })

  test('on standard error, and the exit code is 5', async () => {
    expect(await cli('credentials', 'rotate', 'rotated', 'first')).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringMatching(/^tessera: "first" was rotated already: [^\n]+\n$/),
    })
  })
})

async function stored(id: string) {
  const store = await openStore(server.config.storage, systemClock)
  const all = await store.credentials.listCredentials(ClientId(id))
  await store.close()
  return all?.found.map(({ credential }) => credential)
}

describe('clients', () => {
  const ids = [
    'again',
    'bare',
    'cancelled',
    'disabled',
    'keys',
    'kinds',
    'leaking',
    'often',
    'removed',
    'revoked',
    'rotated',
  ]

  test('list: one line each, with the kinds of credentials', async () => {
    const { stdout } = await run(() => clientsList({}))
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/).slice(0, 6))
    expect(rows.map(([id]) => id)).toEqual(['CLIENT', ...ids])
    expect(rows).toContainEqual(['bare', '-', '-', '-', 'enabled', 'none'])
    expect(rows).toContainEqual(['revoked', '-', '-', '-', 'enabled', 'none'])
    expect(rows).toContainEqual(['keys', '-', '-', '-', 'enabled', 'keys'])
    expect(rows).toContainEqual(['kinds', '-', '-', '-', 'enabled', 'certificate, federated, keys, secret'])
  })

  test('list --json: an array', async () => {
    const all = await json<readonly { client_id: string; kinds: unknown[] }[]>(() => clientsList({ json: true }))
    expect(all.map(({ client_id: id }) => id)).toEqual(ids)
    expect(all[1]).toMatchObject({ enabled: true, kinds: [], tags: [], created: expect.any(String) })
    expect(all[4]?.kinds).toEqual(['keys'])
  })

  test('show: one client, as stored', async () => {
    expect(await json(() => clientsShow('keys', {}))).toMatchObject({
      client_id: 'keys',
      scopes: ['edit'],
      credentials: [{ kind: 'keys', label: 'inline' }],
    })
  })
})

test('leaked-secrets: no output and no event holds a secret or a hash, except for one output of each generated secret', async () => {
  const text = printed.join('\n')
  const events = JSON.stringify(await server.audit())
  expect(generated.length).toBeGreaterThan(8)
  expect(new Set(generated).size).toBe(generated.length)
  for (const secret of generated) {
    expect(secret).toMatch(/^tss_/)
    expect(text.split(secret)).toHaveLength(2)
    expect(events).not.toContain(secret)
  }
  for (const secret of [FIRST, CHOSEN, ...generated]) {
    for (const form of [sha256(secret), Buffer.from(sha256(secret), 'base64url').toString('hex')]) {
      expect(text).not.toContain(form)
      expect(events).not.toContain(form)
    }
  }
  for (const secret of [FIRST, CHOSEN]) expect(text + events).not.toContain(secret)
  for (const credential of (await stored('kinds')) ?? []) {
    if (credential.kind !== 'secret') continue
    const digest = formatHash(credential.hash).split('$').at(-1) ?? ''
    expect(digest).toMatch(/^[\w-]{43}$/)
    expect(text + events).not.toContain(digest)
  }
  expect(text + events).not.toContain('$scrypt$')
})
