import { randomBytes } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { keysList, keysRevoke, keysRotate } from '../../src/cli/keys.ts'
import { revoke } from '../../src/cli/revoke.ts'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import * as client from '../harness/client.ts'
import { runCommand } from '../harness/command.ts'
import { newCandidate } from '../harness/keys.ts'
import { collectLog } from '../harness/log.ts'
import { SECRET } from '../harness/model.ts'
import { described } from '../harness/refused.ts'
import { openRows, type Rows } from '../harness/rows.ts'
import { type SecondServer, startBeside } from '../harness/second-server.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { A_SECOND, until } from '../harness/until.ts'

const MODEL = `
apis:
  - { audience: "https://plain.example.com", scopes: [{ name: plain }] }
  - { audience: "https://rsa.example.com", token: { algorithm: RS256 }, scopes: [{ name: rsa }] }
  - { audience: "https://sealed.example.com", token: { format: sealed }, scopes: [{ name: sealed }] }
clients:
  - { client_id: caller, scopes: [plain, rsa, sealed], introspects: all, credentials: [{ secret: ${SECRET} }] }
`
const ES256 = { algorithm: 'ES256', yes: true } as const

let server: TestServer
let beside: SecondServer
let rows: Rows
let lines: readonly Record<string, unknown>[]
let env: Record<string, string>
beforeAll(async () => {
  const collected = collectLog()
  lines = collected.lines
  server = await startTestServer({ manifest: MODEL, log: collected.log })
  beside = await startBeside(server)
  rows = openRows(server.config)
  env = { TESSERA_STORAGE: server.config.storage, TESSERA_MASTER_KEY: server.config.masterKey.toString('base64') }
})
afterAll(async () => {
  rows.close()
  await beside.stop()
  await server.stop()
})

const ask = (scope: string, at = server.issuer) => client.ask(at, scope)
const introspect = (token: string, at = server.issuer) => client.introspect(at, token, 'caller')
const issue = (scope: string, at = server.issuer) => client.issue(at, scope)

const statusOf = async (token: string, at = server.issuer) => {
  const response = await introspect(token, at)
  return response.status === 200 ? ((await response.json()) as { active: boolean }).active : response.status
}

const kidOf = (token: string): string => decodeProtectedHeader(token).kid ?? ''
async function publishedAt(at: string): Promise<readonly string[]> {
  const { keys } = (await (await fetch(`${at}/pf/JWKS`)).json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid).toSorted()
}
async function unusableKeys(state: string): Promise<number> {
  const metrics = await (await fetch(`${server.admin}/metrics`)).text()
  return Number(new RegExp(`tessera_keys_unusable{state="${state}"} (\\d+)`).exec(metrics)?.[1])
}
async function reasonOf(response: Response) {
  const [event] = await server.audit(response.headers.get('x-request-id'))
  return { status: response.status, body: await response.json(), reason: event?.reason, detail: event?.detail }
}
const UNUSABLE = {
  status: 503,
  body: {
    error: 'temporarily_unavailable',
    error_description: described('The server cannot answer now; try again later'),
  },
  reason: 'key_unusable',
}

/** Changes rows as a broken program or a person would, and notifies every server. */
function change(sql: string, kid = 'all'): void {
  rows.run(sql)
  rows.announce('key', kid)
}

/** Adds a retiring key with one invalid column. */
function addBroken(kid: string, column: string, value: string): void {
  const columns = rows.all('pragma table_info("key")').map(({ name }) => String(name))
  const changed: Record<string, string> = { kid: `'${kid}'`, state: "'retiring'", gone_at: '9e12', [column]: value }
  const values = columns.map((name) => changed[name] ?? name)
  change(`insert into key (${columns}) select ${values} from key where algorithm = 'ES256' limit 1`, kid)
  onTestFinished(() => change(`delete from key where kid = '${kid}'`, kid))
}

/** Changes a key until the end of the test. */
function spoil(kid: string, what: string): void {
  const [before = {}] = rows.all('select public_key, encrypted_private_key, master_key_id from key where kid = ?', kid)
  const [publicKey, privateKey, masterKeyId] = Object.values(before) as [Uint8Array, Uint8Array, string]
  change(`update key set ${what} where kid = '${kid}'`, kid)
  onTestFinished(() => {
    const restore = 'update key set public_key = ?, encrypted_private_key = ?, master_key_id = ? where kid = ?'
    rows.run(restore, publicKey, privateKey, masterKeyId, kid)
    rows.announce('key', kid)
  })
}

const sealingKid = (): string =>
  String(rows.all("select kid from key where algorithm = 'A256GCM' and state = 'active'")[0]?.['kid'])

const garbage: [string, string, string, RegExp][] = [
  ['another master key', 'master_key_id', "'0123456789ab'", /public key is not the one that its kid names/],
  ['a damaged private part', 'encrypted_private_key', "x'00'", /public key/],
  ['an invalid public key', 'public_key', "x'3059'", /public key/],
  ['no public key', 'public_key', 'null', /public key/],
  ['an unknown algorithm', 'algorithm', "'XY512'", /^algorithm is not one that is known$/],
  ['an unknown state', 'state', "'resting'", /^state is not what it should be$/],
  ['an invalid time', 'active_at', "'noon'", /^active_at is not what it should be$/],
]

describe('unreadable-record: invalid keys', () => {
  test('each affect only themselves', async () => {
    const before = await issue('plain')
    const sealed = await issue('sealed')
    await issue('rsa')
    const published = await publishedAt(server.issuer)
    for (const [at, [, column, value]] of garbage.entries()) addBroken(`broken-${at}`, column, value)
    for (const [at, [name, , , problem]] of garbage.entries()) {
      const told = () => lines.filter((line) => line['id'] === `broken-${at}`)
      await until(async () => told().length > 0)
      expect(told(), name).toMatchObject([{ record: 'key', problem: expect.stringMatching(problem) }])
    }

    // Everything else works, at a running server that is notified and at one that starts now.
    const late = await startBeside(server)
    for (const at of [server.issuer, beside.url, late.url]) {
      expect(await publishedAt(at)).toEqual(published)
      expect(await statusOf(before, at)).toBe(true)
      expect(await statusOf(sealed, at)).toBe(true)
      for (const scope of ['plain', 'rsa', 'sealed']) await issue(scope, at)
    }
    // And another key can be ended everywhere within a second.
    expect((await runCommand(env, () => keysRevoke(kidOf(before), ES256))).error).toBeUndefined()
    for (const at of [server.issuer, beside.url, late.url]) {
      expect(await until(async () => (await statusOf(before, at)) === false)).toBeLessThan(A_SECOND)
      expect(await publishedAt(at)).not.toContain(kidOf(before))
    }
    await late.stop()
  })

  test.each([
    ['algorithm', "'XY512'"],
    ['state', "'resting'"],
    ['public_key', "x'3059'"],
  ])('%s: are listed, and can be revoked', async (column, value) => {
    const kid = `broken-${column}`
    addBroken(kid, column, value)
    const { stdout } = await runCommand(env, () => keysList(ES256))
    if (column !== 'public_key') expect(stdout).toMatch(/^broken-\w+ .* can't be read: (algorithm|state) is not/m)
    expect((await runCommand(env, () => keysRevoke(kid, ES256))).error).toBeUndefined()
    expect(rows.all("select * from key where kid = ? and state <> 'revoked'", kid)).toEqual([])
    const [event] = (await server.audit()).filter(({ type, detail }) => type === 'key.change' && detail['kid'] === kid)
    expect(event?.detail['state']).toMatch(/^(gone|revoked)$/)
  })
})

describe('a token whose key is unusable', () => {
  test('if a signing key has no public key, the endpoint says that it can’t tell', async () => {
    const token = await issue('plain')
    const kid = kidOf(token)
    spoil(kid, "public_key = x'3059'")
    // A server that has verified a token before recognizes it.
    await until(async () => !(await publishedAt(beside.url)).includes(kid))
    expect(await reasonOf(await introspect(token, beside.url))).toMatchObject({ ...UNUSABLE, detail: { key: kid } })
    expect((await client.post(beside.url, 'revoke_token', { token }, basic('caller', SECRET))).status).toBe(503)
    expect(
      (
        await client.post(
          beside.url,
          'token',
          { grant_type: 'urn:pingidentity.com:oauth2:grant_type:validate_bearer', token },
          basic('caller', SECRET),
        )
      ).status,
    ).toBe(503)
    // A foreign token stays inactive.
    expect(await statusOf('garbage', beside.url)).toBe(false)
    expect(
      await statusOf(
        token.replace(/^[^.]+/, Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"x"}').toString('base64url')),
        beside.url,
      ),
    ).toBe(false)
  })

  test('if a sealing key can’t be opened, the endpoint says so likewise', async () => {
    const token = await issue('sealed')
    spoil(sealingKid(), "master_key_id = '0123456789ab'")
    const late = await startBeside(server)
    expect(await reasonOf(await introspect(token, late.url))).toMatchObject(UNUSABLE)
    expect(await reasonOf(await ask('sealed', late.url))).toMatchObject(UNUSABLE)
    // A server that has opened it before still uses it.
    expect(await statusOf(token)).toBe(true)
    await issue('sealed')
    // Once it is revoked, it stands in the way of no token.
    expect((await runCommand(env, () => keysRevoke(sealingKid(), ES256))).error).toBeUndefined()
    expect(await until(async () => (await statusOf(token, late.url)) === false)).toBeLessThan(A_SECOND)
    await until(async () => (await ask('sealed', late.url)).status === 200)
    await late.stop()
  })

  test('an administrator who tries to revoke the token is told why that is impossible', async () => {
    const token = await issue('sealed')
    spoil(sealingKid(), "master_key_id = '0123456789ab'")
    const { Readable } = await import('node:stream')
    const stdin = Object.getOwnPropertyDescriptor(process, 'stdin')
    Object.defineProperty(process, 'stdin', { value: Readable.from([token]), configurable: true })
    const { error } = await runCommand(env, () => revoke({ token: true }))
    if (stdin !== undefined) Object.defineProperty(process, 'stdin', stdin)
    expect(error).toBe('key_unusable')
  })
})

describe('if the active key can’t be opened', () => {
  test('signing fails with a reason, earlier tokens stay valid, and a metric shows it', async () => {
    const token = await issue('plain')
    const kid = kidOf(token)
    spoil(kid, "encrypted_private_key = x'00112233'")
    const late = await startBeside(server)
    expect(await reasonOf(await ask('plain', late.url))).toMatchObject({ ...UNUSABLE, detail: { key: kid } })
    expect((await introspect(token, late.url)).status).toBe(200)
    expect(await publishedAt(late.url)).toEqual(await publishedAt(server.issuer))
    for (const scope of ['rsa', 'sealed']) await issue(scope, late.url)
    const metrics = await (await fetch(`${late.admin}/metrics`)).text()
    expect(metrics).toMatch(/tessera_keys_unusable{state="active"} 1/)
    // A JWT introspection response is signed with ES256 (RFC 9701).
    const asJwt = await fetch(`${late.url}/as/introspect.oauth2`, {
      method: 'POST',
      body: new URLSearchParams({ token }),
      headers: { ...basic('caller', SECRET), accept: 'application/token-introspection+jwt' },
    })
    expect(asJwt.status).toBe(503)
    await late.stop()
  })
})

describe('if a pending key can’t be opened', () => {
  test('it never becomes active, and doesn’t block a rotation', async () => {
    const first = kidOf(await issue('plain'))
    // The state that a command with another master key left, in a version without a check.
    const candidate = await newCandidate('ES256', new MasterKey(randomBytes(32), systemRandom))
    rows.run(
      `insert into key (kid, algorithm, state, public_key, encrypted_private_key, master_key_id, created_at, active_at)
      values (?, 'ES256', 'pending', ?, ?, ?, ?, ?)`,
      candidate.kid,
      candidate.publicKey ?? null,
      candidate.encryptedPrivateKey,
      candidate.masterKeyId,
      systemClock.now(),
      systemClock.now(),
    )
    rows.announce('key', candidate.kid)

    await until(async () => (await unusableKeys('pending')) === 1)
    expect(await publishedAt(server.issuer)).toContain(candidate.kid)
    expect((await runCommand(env, () => keysRotate({ ...ES256, now: true }))).error).toBeUndefined()
    await until(async () => ![first, candidate.kid].includes(kidOf(await issue('plain'))))
    expect(rows.all('select state from key where kid = ?', candidate.kid)).toEqual([{ state: 'pending' }])
    expect(lines.filter((line) => line['id'] === candidate.kid)).toHaveLength(1)
  })
})
