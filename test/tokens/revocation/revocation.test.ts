import { rmSync } from 'node:fs'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Jti } from '../../../src/oauth/ids.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../../../src/platform/random.ts'
import { openStore } from '../../../src/store/open.ts'
import { Revocations } from '../../../src/tokens/revocation/revocations.ts'
import { environmentOf, type RunningCommand, startTessera } from '../../harness/cli.ts'
import { isActive, issue, post } from '../../harness/client.ts'
import { clockAt } from '../../harness/clock.ts'
import { extent } from '../../harness/extent.ts'
import { SECRET } from '../../harness/model.ts'
import { runTessera } from '../../harness/program.ts'
import { applyTo, basic, startTestServer, type TestServer, testConfig } from '../../harness/server.ts'
import { A_SECOND, until } from '../../harness/until.ts'
import { createStore, tokenWith } from './memory-store.ts'

const credentials = `credentials: [{ secret: ${SECRET} }]`
const MODEL = `
apis:
  - { audience: "https://plain.example.com", scopes: [{ name: plain }] }
  - { audience: "https://sealed.example.com", token: { format: sealed }, scopes: [{ name: sealed }] }
clients:
  - { client_id: caller, scopes: [plain, sealed], ${credentials} }
  - { client_id: other, scopes: [plain, sealed], ${credentials} }
  - { client_id: watcher, introspects: all, ${credentials} }
`

/** Milliseconds until the token is inactive there. */
const untilInactive = (issuer: string, token: string): Promise<number> =>
  until(async () => !(await isActive(issuer, token)))

describe('a client revokes a token (RFC 7009)', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ manifest: MODEL })
  })
  afterAll(() => server.stop())

  const revoke = (client: string, token: string) =>
    post(server.issuer, 'revoke_token', { token }, basic(client, SECRET))

  test.each(['plain', 'sealed'])('its own: %s', async (scope) => {
    const [token, spared] = [await issue(server.issuer, scope), await issue(server.issuer, scope)]
    expect(await isActive(server.issuer, token)).toBe(true)
    const response = await revoke('caller', token)
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body: '' })
    expect(await isActive(server.issuer, token)).toBe(false)
    expect(await isActive(server.issuer, spared)).toBe(true)
    const [event] = await server.audit(response.headers.get('x-request-id'))
    expect(event).toMatchObject({ type: 'token.revoke', result: 'success', clientId: 'caller' })
  })

  test('foreign-revocation: twice, and invalid ones: 200', async () => {
    const token = await issue(server.issuer, 'plain')
    for (const value of [token, token, 'garbage', 'tsa_garbage'])
      expect((await revoke('caller', value)).status).toBe(200)
  })

  test.each(['plain', 'sealed'])(
    'foreign-revocation: of another client: the token stays valid, the answer reveals nothing, the log does: %s',
    async (scope) => {
      const token = await issue(server.issuer, scope)
      const response = await revoke('other', token)
      expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body: '' })
      expect(await isActive(server.issuer, token)).toBe(true)
      const [event] = await server.audit(response.headers.get('x-request-id'))
      expect(event).toMatchObject({
        type: 'token.revoke',
        result: 'refused',
        reason: 'not_the_clients_token',
        clientId: 'other',
      })
    },
  )

  test('without credentials: 401; without a token: 400', async () => {
    const nobody = await fetch(`${server.issuer}/as/revoke_token.oauth2`, {
      method: 'POST',
      body: new URLSearchParams({ token: 'x' }),
    })
    expect(nobody.status).toBe(401)
    expect((await revoke('caller', '')).status).toBe(400)
  })
})

describe('an administrator revokes', () => {
  let server: TestServer
  let env: Record<string, string>
  beforeAll(async () => {
    server = await startTestServer({ manifest: MODEL })
    env = { TESSERA_STORAGE: server.config.storage, TESSERA_MASTER_KEY: server.config.masterKey.toString('base64') }
  })
  afterAll(() => server.stop())

  const revoke = (args: readonly string[], input = '') => runTessera(['revoke', ...args], env, input)

  test.each(['plain', 'sealed'])('one token, from standard input: %s', async (scope) => {
    const [token, spared] = [await issue(server.issuer, scope), await issue(server.issuer, scope)]
    expect(await revoke(['--token'], `${token}\n`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^revoked token /),
    })
    expect(await untilInactive(server.issuer, token)).toBeLessThan(A_SECOND)
    expect(await isActive(server.issuer, spared)).toBe(true)
  })

  test('one token, by its jti', async () => {
    const token = await issue(server.issuer, 'plain')
    expect((await revoke(['--jti', decodeJwt(token).jti ?? ''])).code).toBe(0)
    expect(await untilInactive(server.issuer, token)).toBeLessThan(A_SECOND)
  })

  test('everything of a client issued before now, and nothing issued after', async () => {
    const tokens = [await issue(server.issuer, 'plain'), await issue(server.issuer, 'sealed')]
    const spared = await issue(server.issuer, 'plain', 'other')
    expect((await revoke(['--client', 'caller', '--yes'])).code).toBe(0)
    for (const token of tokens) expect(await untilInactive(server.issuer, token)).toBeLessThan(A_SECOND)
    expect(await isActive(server.issuer, spared)).toBe(true)
    expect(await isActive(server.issuer, await issue(server.issuer, 'plain'))).toBe(true)
  })

  test('everything for an API', async () => {
    const [token, spared] = [await issue(server.issuer, 'sealed'), await issue(server.issuer, 'plain')]
    expect((await revoke(['--api', 'https://sealed.example.com', '--yes'])).code).toBe(0)
    expect(await untilInactive(server.issuer, token)).toBeLessThan(A_SECOND)
    expect(await isActive(server.issuer, spared)).toBe(true)
  })

  test('everything under a key', async () => {
    const [token, spared] = [await issue(server.issuer, 'plain'), await issue(server.issuer, 'sealed')]
    expect((await revoke(['--key', decodeProtectedHeader(token).kid ?? '', '--yes'])).code).toBe(0)
    expect(await untilInactive(server.issuer, token)).toBeLessThan(A_SECOND)
    expect(await isActive(server.issuer, spared)).toBe(true)
    expect(await isActive(server.issuer, await issue(server.issuer, 'plain'))).toBe(true)
  })

  test.each([
    ['nothing', [], 2, 'give exactly one of'],
    ['two things', ['--client', 'caller', '--jti', 'x'], 2, 'give exactly one of'],
    ['an unknown client', ['--client', 'nobody', '--yes'], 3, 'there is no client'],
    ['an unknown API', ['--api', 'https://x', '--yes'], 3, 'there is no API "https://x"'],
    ['an unknown key', ['--key', 'x', '--yes'], 3, 'there is no key x'],
    ['a jti of no token', ['--jti', 'x'], 3, 'no token of this server has such a jti'],
    ['text that isn’t a token', ['--token'], 1, 'standard input has no access token'],
  ])('%s: an error', async (_name, args, code, message) => {
    expect(await revoke(args, 'garbage')).toMatchObject({ code, stderr: expect.stringContaining(message) })
  })
})

describe('a revocation', () => {
  const running: RunningCommand[] = []
  let folder: string
  let storage: string
  let issuers: string[]
  const start = async (index: number) => {
    const command = startTessera(['serve'], envs[index] ?? {})
    running.push(command)
    await command.printed(/is served on/)
    return command
  }
  let envs: Record<string, string>[]
  beforeEach(async () => {
    const [one, two] = [await testConfig(), await testConfig()]
    folder = one.folder
    storage = one.config.storage
    await applyTo(one.config, MODEL)
    // One issuer, as for nodes behind one address.
    const { issuer, masterKey } = one.config
    envs = [one.config, two.config].map((config) => environmentOf({ ...config, issuer, storage, masterKey }))
    issuers = [one.config.issuer, two.config.issuer]
  })
  afterEach(async () => {
    for (const command of running.splice(0)) await command.stop('SIGKILL')
    rmSync(folder, { recursive: true })
  })

  test('answered with 200 is honoured by the other process within a second, and survives kill -9', async () => {
    const [first = '', second = ''] = issuers
    const commands = [await start(0), await start(1)]
    for (const scope of ['plain', 'sealed']) {
      const token = await issue(first, scope)
      expect(await isActive(second, token)).toBe(true)
      expect((await post(first, 'revoke_token', { token }, basic('caller', SECRET))).status).toBe(200)
      expect(await untilInactive(second, token)).toBeLessThan(A_SECOND)
    }
    const last = await issue(first, 'plain')
    expect((await post(first, 'revoke_token', { token: last }, basic('caller', SECRET))).status).toBe(200)
    for (const command of commands) await command.stop('SIGKILL')
    await start(1)
    expect(await isActive(second, last)).toBe(false)
  })
})

describe('revocations in memory', () => {
  const clock = clockAt(1_000_000_000_000)

  /** A million in the long form. */
  const MANY = extent(200_000, 1_000_000)

  test('take less than 200 bytes each, and are all known', async () => {
    const { store, rows } = createStore()
    const some: string[] = []
    for (let i = 0; i < MANY; i += 1) {
      const jti = uuidv7({ ...clock, now: () => clock.now() - (i % 14_400) * 1000 }, systemRandom)
      if (i % 10_000 === 0) some.push(jti)
      // As from a database driver: each id is a separate string.
      rows.push({ kind: 'token', id: Jti(Buffer.from(jti).toString('latin1')), expiresAt: clock.now() + 1_000_000 })
    }
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    const revocations = await Revocations.open(store, clock)
    rows.length = 0
    globalThis.gc?.()
    const strings = MANY * 56
    expect(process.memoryUsage().heapUsed - before + strings).toBeLessThan(MANY * 200 * 1.048_576)
    for (const jti of some) expect(await revocations.isRevoked(tokenWith(jti))).toBe(true)
    expect(await revocations.isRevoked(tokenWith(uuidv7(clock, systemRandom)))).toBe(false)
  })

  test('are kept only as long as tokens live, here and in the database', async () => {
    const server = await startTestServer({ manifest: MODEL })
    const store = await openStore(server.config.storage, systemClock)
    const now = systemClock.now()
    await store.revocations.addRevocations([
      { kind: 'token', id: Jti(uuidv7(systemClock, systemRandom)), expiresAt: now - 1 },
      { kind: 'token', id: Jti(uuidv7(systemClock, systemRandom)), expiresAt: now + 60_000 },
    ])
    const revocations = await Revocations.open(store.revocations, systemClock)
    await revocations.prune()
    expect((await store.revocations.revocationsAfter(0, 10)).found).toHaveLength(1)
    await store.close()
    await server.stop()
  })
})
