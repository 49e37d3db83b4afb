import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { clientsEnable } from '../../../src/cli/clients.ts'
import { credentialsRemove, credentialsRevoke } from '../../../src/cli/credentials.ts'
import { StorageUnavailable } from '../../../src/platform/storage-unavailable.ts'
import { withCalls } from '../../../src/platform/wrapped.ts'
import { openStore } from '../../../src/store/open.ts'
import {
  ask as askAt,
  introspect as introspectAt,
  isActive as isActiveAt,
  issue as issueAt,
  post,
} from '../../harness/client.ts'
import { runCommand } from '../../harness/command.ts'
import { newSecret, SECRET } from '../../harness/model.ts'
import { openRows, type Rows } from '../../harness/rows.ts'
import { type SecondServer, startBeside } from '../../harness/second-server.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { A_SECOND, until } from '../../harness/until.ts'

const VALIDATE = 'urn:pingidentity.com:oauth2:grant_type:validate_bearer'
const NAMES = ['disabled', 'planned', 'raced', 'deleted', 'broken', 'losing', 'away', 'many', 'lonely'] as const
const API = (name: string, token = '') =>
  `  - { audience: "https://${name}.example.com", ${token}scopes: [{ name: ${name} }, { name: common-${name}, common: true }] }\n`
const CLIENT = (id: string, more = '') =>
  `  - { client_id: ${id}, ${more}scopes: [plain, sealed, doomed], credentials: [{ label: a, secret: ${SECRET} }] }\n`
const MODEL = `
apis:
${API('plain')}${API('sealed', 'token: { format: sealed }, ')}${API('doomed')}clients:
${NAMES.map((id) => CLIENT(id)).join('')}  - { client_id: watcher, introspects: all, credentials: [{ secret: ${SECRET} }] }
  - { client_id: plain-api, introspects: ["https://plain.example.com"], credentials: [{ secret: ${SECRET} }] }
`

/** The calls of the first server's database that fail, and the count of each. */
const failing = new Set<string>()
const made = new Map<string, number>()

let server: TestServer
let beside: SecondServer
let rows: Rows
let env: Record<string, string>
beforeAll(async () => {
  server = await startTestServer({
    manifest: MODEL,
    open: async (...args) => {
      const store = await openStore(...args)
      const may = (call: () => unknown, name: string) => {
        made.set(name, (made.get(name) ?? 0) + 1)
        return failing.has(name) ? Promise.reject(new StorageUnavailable(undefined)) : call()
      }
      const [changes, directory] = [withCalls(store.changes, may), withCalls(store.directory, may)]
      return { ...store, changes, directory } as typeof store
    },
  })
  beside = await startBeside(server)
  rows = openRows(server.config)
  env = { TESSERA_STORAGE: server.config.storage, TESSERA_MASTER_KEY: server.config.masterKey.toString('base64') }
})
afterEach(() => failing.clear())
afterAll(async () => {
  rows.close()
  await beside.stop()
  await server.stop()
})

const ask = (client: string, scope = 'plain', at = server.issuer) => askAt(at, scope, client)
const issue = (client: string, scope = 'plain', at = server.issuer) => issueAt(at, scope, client)
const introspect = (token: string, at = server.issuer, by = 'watcher') => introspectAt(at, token, by)
const isActive = (token: string, at = server.issuer) => isActiveAt(at, token)
const validate = async (token: string, at: string) => {
  const response = await post(at, 'token', { grant_type: VALIDATE, token }, basic('watcher', SECRET))
  return { status: response.status, error: ((await response.json()) as { error?: string }).error }
}
const nodes = () => [server.issuer, beside.url]
const enable = (id: string, enabled: boolean) => runCommand(env, () => clientsEnable(id, enabled, { yes: true }))

/** Ways to disable and enable a client. */
const ways: [string, string, (enabled: boolean, isChange?: boolean) => Promise<unknown>][] = [
  [
    'a command',
    'disabled',
    async (enabled, isChange = true) => {
      const { error, stderr } = await enable('disabled', enabled)
      expect(error).toBeUndefined()
      const said = enabled ? /Its earlier tokens stay inactive/ : /reports its earlier tokens as inactive, for good/
      expect(stderr).toMatch(isChange ? said : /^$/)
    },
  ],
  [
    'a manifest',
    'planned',
    async (enabled) => {
      const plan = await server.apply(`clients:\n${CLIENT('planned', `enabled: ${enabled}, `)}`)
      expect(plan.losses).toEqual(enabled ? [] : [{ kind: 'disabled', clientId: 'planned' }])
    },
  ],
]

describe('ended-authority: a disabled client', () => {
  test.each(ways)(
    'by %s: its tokens are inactive at every node within a second, and stay so',
    async (_way, id, set) => {
      const old = [await issue(id, 'plain'), await issue(id, 'sealed'), await issue(id, 'plain', beside.url)]
      for (const at of nodes()) for (const token of old) expect(await isActive(token, at)).toBe(true)
      await set(false)
      for (const at of nodes()) {
        for (const token of old) {
          expect(await until(async () => !(await isActive(token, at)))).toBeLessThan(A_SECOND)
          expect(await validate(token, at)).toEqual({ status: 400, error: 'invalid_grant' })
        }
        expect(await until(async () => (await ask(id, 'plain', at)).status === 401)).toBeLessThan(A_SECOND)
      }
      await set(true)
      for (const at of nodes()) {
        await until(async () => (await ask(id, 'plain', at)).status === 200)
        const fresh = await issue(id, 'sealed', at)
        for (const other of nodes()) expect(await isActive(fresh, other)).toBe(true)
        for (const token of old) expect(await isActive(token, at)).toBe(false)
      }
      // Applying the same manifest again ends no token.
      const kept = await issue(id)
      await set(true, false)
      await server.apply(`clients:\n${CLIENT(id, 'owner: somebody, ')}`)
      expect(await isActive(kept)).toBe(true)
    },
  )

  test('a token that a node issued before it knew is inactive, also after the client is enabled again', async () => {
    await issue('raced')
    failing.add('changesSince')
    expect((await enable('raced', false)).error).toBeUndefined()
    await until(async () => (await ask('raced', 'plain', beside.url)).status === 401)
    const late = await issue('raced')
    expect(await isActive(late, beside.url)).toBe(false)
    failing.clear()
    await until(async () => (await ask('raced')).status === 401)
    expect(await isActive(late)).toBe(false)
    expect((await enable('raced', true)).error).toBeUndefined()
    for (const at of nodes()) {
      await until(async () => (await ask('raced', 'plain', at)).status === 200)
      // Changes of clients and revocations are polled separately, so that a node may have one before the other.
      expect(await until(async () => !(await isActive(late, at)))).toBeLessThan(A_SECOND)
      expect(await isActive(await issue('raced', 'plain', at), at)).toBe(true)
    }
  })
})

test('ended-authority: tokens of a removed client are inactive', async () => {
  const token = await issue('deleted')
  for (const at of nodes()) expect(await isActive(token, at)).toBe(true)
  rows.run("delete from credential where client_id = 'deleted'")
  rows.run("delete from client where client_id = 'deleted'")
  rows.announce('client', 'deleted')
  for (const at of nodes()) expect(await until(async () => !(await isActive(token, at)))).toBeLessThan(A_SECOND)
})

test('tokens of an unreadable client have no known status until they are revoked', async () => {
  const token = await issue('broken')
  rows.run("update client set enabled = 7 where client_id = 'broken'")
  rows.announce('client', 'broken')
  await until(async () => (await introspect(token)).status === 503)
  const response = await introspect(token)
  const [event] = await server.audit(response.headers.get('x-request-id'))
  expect(event).toMatchObject({ reason: 'record_unreadable', detail: { record: 'client broken' } })
  // A manifest that disables the client ends them, whatever its record was.
  await server.apply(`clients:\n${CLIENT('broken', 'enabled: false, ')}`)
  await until(async () => (await introspect(token)).status === 200)
  expect(await isActive(token)).toBe(false)
})

describe('an API', () => {
  test('that is unreadable keeps its tokens as they were', async () => {
    const token = await issue('losing', 'doomed')
    rows.run("update api set scopes = '{' where audience = 'https://doomed.example.com'")
    rows.announce('api', 'https://doomed.example.com')
    await until(async () => (await ask('losing', 'doomed')).status === 503)
    expect(await isActive(token)).toBe(true)
    rows.run("update api set scopes = '[]' where audience = 'https://doomed.example.com'")
    rows.announce('api', 'https://doomed.example.com')
  })

  test('that was removed leaves its own tokens inactive, and those that are also for another API active there', async () => {
    await server.apply(`apis:\n${API('doomed')}`)
    await until(async () => (await ask('losing', 'doomed')).status === 200)
    const [one, both] = [await issue('losing', 'doomed'), await issue('losing', 'plain doomed')]
    for (const token of [one, both]) expect(await isActive(token)).toBe(true)
    rows.run("delete from api where audience = 'https://doomed.example.com'")
    rows.announce('api', 'https://doomed.example.com')
    expect(await until(async () => !(await isActive(one)))).toBeLessThan(A_SECOND)
    expect(await isActive(both)).toBe(true)
    expect(await (await introspect(both, server.issuer, 'plain-api')).json()).toMatchObject({ active: true })
  })

  test('that a client may no longer introspect gives it no answer within a second', async () => {
    const token = await issue('many')
    const seen = async () => (await introspect(token, beside.url, 'plain-api')).json()
    expect(await seen()).toMatchObject({ active: true })
    await server.apply(
      `clients: [{ client_id: plain-api, introspects: ["https://sealed.example.com"], credentials: [{ secret: ${SECRET} }] }]`,
    )
    expect(await until(async () => !((await seen()) as { active: boolean }).active)).toBeLessThan(A_SECOND)
  })
})

test('ended-authority: a withdrawn scope is not granted after a second; a token with it stays valid', async () => {
  const token = await issue('many')
  await server.apply(`clients:\n${CLIENT('many').replace('[plain, sealed, doomed]', '[sealed]')}`)
  for (const at of nodes())
    expect(await until(async () => (await ask('many', 'plain', at)).status === 400)).toBeLessThan(A_SECOND)
  expect(await isActive(token)).toBe(true)
})

test('a revoked or removed credential is refused, and the command says that its tokens stay valid', async () => {
  const token = await issue('lonely')
  const end = [credentialsRevoke, credentialsRemove]
  for (const command of end) {
    const { error, stderr } = await runCommand(env, () => command('lonely', 'a', { yes: true }))
    expect(error).toBeUndefined()
    expect(stderr).toMatch(
      /Tokens already issued with it stay valid\.\nTo end those, too, run: tessera revoke --client lonely/,
    )
  }
  for (const at of nodes())
    expect(await until(async () => (await ask('lonely', 'plain', at)).status === 401)).toBeLessThan(A_SECOND)
  expect(await isActive(token)).toBe(true)
})

describe('the client of a token', () => {
  test('is looked up once, and then known', async () => {
    const token = await issue('many', 'sealed', beside.url)
    await isActive(token)
    const before = made.get('loadClient')
    for (let n = 0; n < 50; n += 1) expect(await isActive(token)).toBe(true)
    expect(made.get('loadClient')).toBe(before)
  })

  test('database-failure: is unknown while the database is away: 503 for a client that is not in memory, and never inactive', async () => {
    const token = await issue('away', 'plain', beside.url)
    await isActive(await issue('many', 'sealed'))
    failing.add('loadClient')
    const response = await introspect(token)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' })
    expect(await validate(token, server.issuer)).toEqual({ status: 503, error: 'temporarily_unavailable' })
    expect(await isActive(await issue('many', 'sealed'))).toBe(true)
    failing.clear()
    expect(await isActive(token)).toBe(true)
  })

  test('is looked up again if it was missing before: only then the token is inactive', async () => {
    const secret = newSecret()
    const askNew = (at: string) =>
      fetch(`${at}/as/token.oauth2`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
        headers: basic('newcomer', secret),
      })
    for (const at of nodes()) expect((await askNew(at)).status).toBe(401)
    failing.add('changesSince')
    await server.apply(`clients: [{ client_id: newcomer, scopes: [plain], credentials: [{ secret: ${secret} }] }]`)
    await until(async () => (await askNew(beside.url)).status === 200)
    const { access_token: token } = (await (await askNew(beside.url)).json()) as { access_token: string }
    expect((await introspect(token)).status).toBe(503)
    failing.clear()
    expect(await isActive(token)).toBe(true)
  })
})
