import { randomBytes } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { keysList } from '../../../src/cli/keys.ts'
import { keysRepair } from '../../../src/cli/keys-repair.ts'
import { MasterKey } from '../../../src/crypto/master-key.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { claimsOf, expectUnauthenticated, formOf } from '../../harness/assertions.ts'
import { environmentOf } from '../../harness/cli.ts'
import { ask, introspect, issue, post } from '../../harness/client.ts'
import { runCommand } from '../../harness/command.ts'
import { newCandidate } from '../../harness/keys.ts'
import { SECRET } from '../../harness/model.ts'
import { openRows, type Rows } from '../../harness/rows.ts'
import { type SecondServer, startBeside } from '../../harness/second-server.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { signWith } from '../../harness/tokens.ts'
import { until } from '../../harness/until.ts'

const MODEL = `
apis:
  - { audience: "https://plain.example.com", scopes: [{ name: plain }] }
  - { audience: "https://sealed.example.com", token: { format: sealed }, scopes: [{ name: sealed }] }
clients:
  - { client_id: caller, scopes: [plain, sealed], introspects: all, credentials: [{ secret: ${SECRET} }] }
  - { client_id: signer, scopes: [plain], credentials: [{ label: s, retrievable: true, secret: ${SECRET} }] }
`

let server: TestServer
let rows: Rows
let node: SecondServer | undefined
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL })
  rows = openRows(server.config)
  // Both algorithms have an active key.
  for (const scope of ['plain', 'sealed']) await issue(server.issuer, scope)
})
afterEach(async () => {
  await node?.stop()
  node = undefined
})
afterAll(async () => {
  rows.close()
  await server.stop()
})

const activeness = async (at: string, token: string) => {
  const response = await introspect(at, token, 'caller')
  return response.status === 200 ? ((await response.json()) as { active: boolean }).active : response.status
}
const kidOf = (token: string): string => decodeProtectedHeader(token).kid ?? ''
const readiness = async (at: string) => (await fetch(`${at}/readyz`)).status
const repair = (options: Parameters<typeof keysRepair>[0] = {}, env = environmentOf(server.config)) =>
  runCommand(env, () => keysRepair(options))
const keysIn = () => rows.all('select kid, algorithm, state from key order by created_at')
const changesOf = async (kid: unknown) =>
  (await server.audit()).filter(({ type, detail }) => type === 'key.change' && detail['kid'] === kid)

/** Starts a server that has no key opened yet. */
async function startNode(changes = {}): Promise<SecondServer> {
  node = await startBeside(server, changes)
  return node
}

/** A key under another master key, as earlier versions made without a check. */
async function addStray(state: string, algorithm: 'ES256' | 'A256GCM' = 'ES256'): Promise<string> {
  const stray = await newCandidate(algorithm, new MasterKey(randomBytes(32), systemRandom))
  const now = systemClock.now()
  rows.run(
    `insert into key (kid, algorithm, state, public_key, encrypted_private_key, master_key_id, created_at, active_at)
    values (?, ?, ?, ?, ?, ?, ?, ?)`,
    stray.kid,
    algorithm,
    state,
    stray.publicKey ?? null,
    stray.encryptedPrivateKey,
    stray.masterKeyId,
    now,
    now,
  )
  return stray.kid
}

test('does nothing if nothing is wrong', async () => {
  const before = keysIn()
  expect(await repair()).toMatchObject({ error: undefined, stdout: 'every key and secret can be used\n' })
  expect(await repair({ yes: true })).toMatchObject({ error: undefined, stdout: 'every key and secret can be used\n' })
  expect(keysIn()).toEqual(before)
})

test('if no process can open the active key, the previous one signs again, and no token is lost', async () => {
  const token = await issue(server.issuer, 'plain')
  const right = kidOf(token)
  rows.run("update key set state = 'retiring', gone_at = ? where kid = ?", systemClock.now() + 9e6, right)
  const stray = await addStray('active')
  rows.announce('key', stray)
  const { url, admin } = await startNode()
  expect((await ask(url, 'plain')).status).toBe(503)
  expect(await readiness(admin)).toBe(503)

  const shown = await repair()
  expect(shown.error).toBe('nothing was changed: give --yes to make the repairs')
  expect(shown.stdout.split('\n')).toEqual([
    expect.stringMatching(new RegExp(`^ES256\tactive\t${stray}\tits private part is encrypted under the master key`)),
    '\tit stops signing; its tokens stay valid until they expire',
    `ES256\t${right} signs`,
    '',
  ])
  expect(rows.all('select state from key where kid = ?', stray)).toEqual([{ state: 'active' }])
  expect((await ask(url, 'plain')).status).toBe(503)

  expect((await repair({ yes: true })).error).toBeUndefined()
  for (const at of [url, server.issuer]) {
    await until(async () => (await ask(at, 'plain')).status === 200)
    expect(kidOf(await issue(at, 'plain'))).toBe(right)
    expect(await activeness(at, token)).toBe(true)
  }
  expect(await readiness(admin)).toBe(200)
  expect(await changesOf(stray)).toMatchObject([{ detail: { state: 'retiring' } }])
  expect((await changesOf(right)).at(-1)).toMatchObject({ detail: { state: 'active' } })
  expect(await repair()).toMatchObject({ error: undefined })
})

type Break = () => Promise<string>
const spoil = async (algorithm: string, change: string) => {
  const [key] = rows.all("select kid from key where algorithm = ? and state = 'active'", algorithm)
  rows.run(`update key set ${change} where kid = ?`, String(key?.['kid']))
  return String(key?.['kid'])
}
const cases: [string, Break, { state: string | undefined; sealed: boolean }][] = [
  ['a pending key of another master key', () => addStray('pending'), { state: undefined, sealed: true }],
  ['a damaged active key', () => spoil('ES256', "encrypted_private_key = x'00'"), { state: 'retiring', sealed: true }],
  ['an active key without a public key', () => spoil('ES256', 'public_key = null'), { state: undefined, sealed: true }],
  ['an active key in an unknown state', () => spoil('ES256', "state = 'resting'"), { state: undefined, sealed: true }],
  [
    'an active key of an unknown algorithm',
    () => spoil('ES256', "algorithm = 'X'"),
    { state: undefined, sealed: true },
  ],
  [
    'a damaged sealing key',
    () => spoil('A256GCM', "encrypted_private_key = x'00'"),
    { state: undefined, sealed: false },
  ],
  [
    'a sealing key of another master key, retiring',
    () => addStray('retiring', 'A256GCM'),
    { state: undefined, sealed: true },
  ],
]
test.each(cases)('%s', async (_name, spoilOne, { state, sealed }) => {
  await until(async () => (await ask(server.issuer, 'plain')).status === 200)
  const [plainToken, sealedToken] = [await issue(server.issuer, 'plain'), await issue(server.issuer, 'sealed')]
  const kid = await spoilOne()
  rows.announce('key', kid)
  expect((await repair()).error).toMatch(/give --yes/)
  const done = await repair({ yes: true, json: true })
  expect(done.error).toBeUndefined()
  expect(JSON.parse(done.stdout)).toMatchObject({ done: true, keys: [{ kid }], secrets: [] })
  expect(rows.all('select state from key where kid = ?', kid)).toEqual(state === undefined ? [] : [{ state }])
  expect((await changesOf(kid)).length).toBeGreaterThan(0)

  const { url, admin } = await startNode()
  for (const scope of ['plain', 'sealed']) {
    await until(async () => (await ask(url, scope)).status === 200)
    expect(await activeness(url, await issue(url, scope))).toBe(true)
  }
  expect(await activeness(url, sealedToken)).toBe(sealed)
  // Tokens of a removed key are lost; tokens of a key that can still verify stay valid.
  const isSigner = kid === kidOf(plainToken)
  expect(await activeness(url, plainToken)).toBe(!isSigner || state === 'retiring')
  expect(await readiness(admin)).toBe(200)
  expect((await repair()).error).toBeUndefined()
})

test('a secret that can’t be decrypted keeps only its hash', async () => {
  const sign = async () => {
    const claims = claimsOf(server.issuer, 'signer', Math.floor(Date.now() / 1000))
    const assertion = await signWith({ alg: 'HS256', privateKey: Buffer.from(SECRET) }, claims)
    return post(server.issuer, 'token', formOf(assertion))
  }
  expect((await sign()).status).toBe(200)
  rows.run("update credential set master_key_id = '0123456789ab' where label = 's'")
  rows.announce('client', 'signer')
  await until(async () => (await sign()).status === 401)
  const shown = await repair()
  expect(shown.stdout).toMatch(/^signer\ts\tits secret is encrypted under the master key 0123456789ab/)
  const done = await repair({ yes: true })
  expect(done).toMatchObject({ error: undefined, stderr: expect.stringContaining('credentials rotate') })
  expect(rows.all("select encrypted_secret, master_key_id from credential where label = 's'")).toEqual([
    { encrypted_secret: null, master_key_id: null },
  ])
  await until(async () => {
    const response = await sign()
    const [event] = await server.audit(response.headers.get('x-request-id'))
    return event?.reason === 'no_such_credential'
  })
  await expectUnauthenticated(server, await sign(), { reason: 'no_such_credential', clientId: 'signer' })
  const form = { grant_type: 'client_credentials' }
  expect((await post(server.issuer, 'token', form, basic('signer', SECRET))).status).toBe(200)
  const events = (await server.audit()).filter(({ type }) => type === 'credential.change')
  expect(events).toMatchObject([{ clientId: 'signer', detail: { label: 's', retrievable: false } }])
})

describe('with another master key', () => {
  const next = randomBytes(32)
  const withNext = () => environmentOf(server.config, { TESSERA_MASTER_KEY: next.toString('base64') })

  test('shows and does nothing without the option that declares the current one lost', async () => {
    const before = keysIn()
    for (const yes of [undefined, true] as const) {
      const { error, stdout } = await repair(yes && { yes }, withNext())
      expect(error).toMatch(
        /is encrypted under the master key .* if .* is lost, run tessera keys repair --master-key-lost$/m,
      )
      expect(stdout).toBe('')
    }
    expect(keysIn()).toEqual(before)
  })

  test('refuses to call a master key lost that is in use', async () => {
    expect((await repair({ masterKeyLost: true, yes: true })).error).toMatch(/it is not lost/)
  })

  test('starts over if the current one is lost, and tokens that can be verified stay valid', async () => {
    const [plainToken, sealedToken] = [await issue(server.issuer, 'plain'), await issue(server.issuer, 'sealed')]
    const shown = await repair({ masterKeyLost: true }, withNext())
    expect(shown.error).toMatch(/give --yes/)
    expect(shown.stdout.match(/a new key is made/g)).toHaveLength(2)
    await expect(startNode({ masterKey: next })).rejects.toThrow(/is encrypted under the master key/)

    expect((await repair({ masterKeyLost: true, yes: true }, withNext())).error).toBeUndefined()
    const { url, admin } = await startNode({ masterKey: next })
    for (const scope of ['plain', 'sealed']) {
      await until(async () => (await ask(url, scope)).status === 200)
      expect(await activeness(url, await issue(url, scope))).toBe(true)
    }
    expect(await activeness(url, plainToken)).toBe(true)
    expect(await activeness(url, sealedToken)).toBe(false)
    expect(await readiness(admin)).toBe(200)
    const { stdout } = await runCommand(withNext(), () => keysList({ algorithm: 'ES256' }))
    expect(stdout).toMatch(/ES256 +retiring /)
    expect(stdout).toMatch(/ is under the master key [0-9a-f]{12}; the one in use is /)
    const changes = (await server.audit()).filter(({ type }) => type === 'master_key.change')
    expect(changes).toMatchObject([{ detail: { to: new MasterKey(next, systemRandom).id, lost: true } }])
    expect((await repair({}, withNext())).error).toBeUndefined()
    // The first server has only the lost master key. It signs the audit log to its end with the key that it opened.
    await server.stopServer()
  })
})
