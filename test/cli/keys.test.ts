import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keysList, keysRevoke, keysRewrap, keysRollback, keysRotate } from '../../src/cli/keys.ts'
import { createLogger } from '../../src/observability/log.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { startServer } from '../../src/server/server.ts'
import { openStore } from '../../src/store/open.ts'
import * as client from '../harness/client.ts'
import { runCommand } from '../harness/command.ts'
import { contextOf } from '../harness/management.ts'
import { SECRET } from '../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { A_SECOND, until } from '../harness/until.ts'

const MODEL = `
apis:
  - { audience: "https://plain.example.com", scopes: [{ name: plain }] }
  - { audience: "https://sealed.example.com", token: { format: sealed }, scopes: [{ name: sealed }] }
clients:
  - { client_id: caller, scopes: [plain, sealed], introspects: all, credentials: [{ secret: ${SECRET} }] }
`

let server: TestServer
let env: Record<string, string>
beforeEach(async () => {
  server = await startTestServer({ manifest: MODEL })
  env = { TESSERA_STORAGE: server.config.storage, TESSERA_MASTER_KEY: server.config.masterKey.toString('base64') }
})
afterEach(() => server.stop())

const run = (command: () => Promise<void>) => runCommand(env, command)
const ES256 = { algorithm: 'ES256', yes: true } as const
const A256GCM = { algorithm: 'A256GCM', yes: true } as const

interface ListedKey {
  readonly kid: string
  readonly algorithm: string
  readonly state: string
  readonly fetched_by: readonly { user_agent: string }[]
  readonly not_fetched_by: readonly { user_agent: string }[]
}

async function list(algorithm = 'ES256'): Promise<readonly ListedKey[]> {
  const all = JSON.parse((await run(() => keysList({ ...ES256, json: true }))).stdout) as ListedKey[]
  return all.filter((key) => key.algorithm === algorithm)
}

const issue = (scope = 'plain') => client.issue(server.issuer, scope)
const kidOf = async (): Promise<string> => decodeProtectedHeader(await issue()).kid ?? ''

const publishedKids = async (userAgent = 'test'): Promise<readonly string[]> => {
  const response = await fetch(`${server.issuer}/pf/JWKS`, { headers: { 'user-agent': userAgent } })
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
}

const isActive = (token: string) => client.isActive(server.issuer, token, 'caller')

test('rotate publishes the next key while the first one still signs; list shows who has fetched it', async () => {
  const first = await kidOf()
  await publishedKids('early/1.0')
  await new Promise((resolve) => setTimeout(resolve, 2_200))
  const rotated = await run(() => keysRotate(ES256))
  expect(rotated).toMatchObject({
    error: undefined,
    stdout: expect.stringMatching(/^KEY +ALGORITHM +STATE .*\n\S+ +ES256 +pending /),
  })
  const [, second] = await list()
  expect(await until(async () => (await publishedKids()).includes(second?.kid ?? ''))).toBeLessThan(A_SECOND)
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  await publishedKids('late/1.0')
  expect(await kidOf()).toBe(first)

  const agents = (consumers: readonly { user_agent: string }[]) => consumers.map(({ user_agent }) => user_agent)
  await until(async () => agents((await list())[1]?.fetched_by ?? []).includes('late/1.0'))
  expect(agents((await list())[1]?.not_fetched_by ?? [])).toContain('early/1.0')
  const { stdout } = await run(() => keysList(ES256))
  expect(stdout).toContain('known consumers have fetched it; not yet:')
  expect(stdout).toMatch(/(127\.0\.0\.1|::1) early\/1\.0, last seen/)
})

test('rotate --now signs with the next key a second later; rollback returns to the old one; each token stays valid', async () => {
  const first = await kidOf()
  const early = await issue()
  expect(await run(() => keysRotate({ ...ES256, now: true }))).toMatchObject({
    error: undefined,
    stderr: expect.stringContaining('reject new tokens until they fetch it'),
  })
  await until(async () => (await kidOf()) !== first)
  const late = await issue()
  expect(await publishedKids()).toContain(first)

  expect((await run(() => keysRollback(ES256))).error).toBeUndefined()
  await until(async () => (await kidOf()) === first)
  expect(await isActive(early)).toBe(true)
  expect(await isActive(late)).toBe(true)
  const states = (await list()).map(({ state }) => state).sort()
  expect(states).toEqual(['active', 'retiring'])
  const events = await server.audit()
  expect(events.filter(({ type }) => type === 'key.change').length).toBeGreaterThanOrEqual(4)
})

test('revoked-key: revoke ends a key and its tokens at once, and another key takes its place', async () => {
  const token = await issue()
  const kid = await kidOf()
  expect((await run(() => keysRevoke(kid, ES256))).error).toBeUndefined()
  expect(await until(async () => !(await isActive(token)))).toBeLessThan(A_SECOND)
  expect(await publishedKids()).not.toContain(kid)
  const next = await issue()
  expect(decodeProtectedHeader(next).kid).not.toBe(kid)
  expect(await publishedKids()).toContain(decodeProtectedHeader(next).kid)
  expect(await isActive(next)).toBe(true)
})

test('the first key of an algorithm signs once it is published, and requests wait until then', async () => {
  await server.apply(`
apis: [{ audience: "https://new.example.com", token: { algorithm: EdDSA }, scopes: [{ name: new }] }]
clients: [{ client_id: newcomer, scopes: [new], credentials: [{ secret: ${SECRET} }] }]
`)
  await until(async () => {
    const response = await server.token({ grant_type: 'client_credentials' }, basic('newcomer', SECRET))
    if (response.status !== 200) return false
    const { kid, alg } = decodeProtectedHeader(((await response.json()) as { access_token: string }).access_token)
    expect(alg).toBe('EdDSA')
    expect(await publishedKids()).toContain(kid)
    const [key] = await list('EdDSA')
    expect(key).toMatchObject({ kid, state: 'active' })
    return true
  })
})

test('sealing keys rotate likewise, and are never published', async () => {
  const before = await issue('sealed')
  expect((await run(() => keysRotate({ ...A256GCM, now: true }))).error).toBeUndefined()
  await until(async () => (await list('A256GCM')).some(({ state }) => state === 'retiring'))
  expect(await isActive(before)).toBe(true)
  expect(await isActive(await issue('sealed'))).toBe(true)
  const [retiring] = (await list('A256GCM')).filter(({ state }) => state === 'retiring')
  expect((await run(() => keysRevoke(retiring?.kid ?? '', A256GCM))).error).toBeUndefined()
  await until(async () => !(await isActive(before)))
  expect(await publishedKids()).toHaveLength(1)
})

const mistakes: [string, () => Promise<void>, RegExp][] = [
  [
    'an unknown algorithm',
    () => keysRotate({ algorithm: 'HS256' }),
    /algorithm must be one of ES256, RS256, PS256, EdDSA, A256GCM/,
  ],
  ['a rollback without a previous key', () => keysRollback(ES256), /there is no ES256 key to go back to/],
  ['an unknown key', () => keysRevoke('x', ES256), /there is no key x/],
]
test.each(mistakes)('%s: an error', async (_name, command, message) => {
  expect((await run(command)).error).toMatch(message)
})

test('rewrap changes the master key, and completes an interrupted change', async () => {
  const token = await issue()
  const sealed = await issue('sealed')
  const next = randomBytes(32)
  const previousFile = join(server.folder, 'previous.key')
  writeFileSync(previousFile, server.config.masterKey.toString('base64'), { mode: 0o600 })
  const withBoth = {
    ...env,
    TESSERA_MASTER_KEY: next.toString('base64'),
    TESSERA_PREVIOUS_MASTER_KEY_FILE: previousFile,
  }

  // The state after a kill: one key under the new master key, one under the old.
  const store = await openStore(server.config.storage, systemClock)
  const { MasterKey } = await import('../../src/crypto/master-key.ts')
  const { rewrapKeys } = await import('../../src/management/keys/rewrap.ts')
  const both = new MasterKey(next, (size) => randomBytes(size), server.config.masterKey)
  const killed = rewrapKeys(contextOf(store, systemClock, both), () => {
    throw new Error('killed')
  })
  await expect(killed).rejects.toThrow('killed')

  const outcome = await runCommand(withBoth, () => keysRewrap(ES256))
  expect(outcome.error).toBeUndefined()
  expect(outcome.stdout.match(/^rewrapped /gm)).toHaveLength(1)
  const { found } = await store.keys.listKeys()
  expect(new Set(found.map(({ masterKeyId }) => masterKeyId))).toEqual(new Set([both.id]))
  await store.close()

  // The running server has only the old master key and goes on. A new one needs only the new one.
  expect(await isActive(token)).toBe(true)
  expect(await isActive(await issue())).toBe(true)
  const restarted = await startServer(
    {
      ...server.config,
      masterKey: next,
      runtime: { ...server.config.runtime, port: 0 },
      admin: { ...server.config.admin, port: 0 },
    },
    { log: createLogger('silent') },
  )
  const answer = await fetch(`https://localhost:${restarted.runtimePort}/as/introspect.oauth2`, {
    method: 'POST',
    body: new URLSearchParams({ token: sealed }),
    headers: basic('caller', SECRET),
  })
  expect(await answer.json()).toMatchObject({ active: true })
  await restarted.stop()
  rmSync(previousFile)

  expect((await runCommand(withBoth, () => keysRotate(ES256))).error).toMatch(/previous_master_key_file/)
})
