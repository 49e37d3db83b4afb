import { rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { clientsEnable } from '../../../src/cli/clients.ts'
import { keysRevoke, keysRotate } from '../../../src/cli/keys.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { StorageUnavailable } from '../../../src/platform/storage-unavailable.ts'
import { withCalls } from '../../../src/platform/wrapped.ts'
import { openStore } from '../../../src/store/open.ts'
import { environmentOf, startTessera } from '../../harness/cli.ts'
import { runCommand } from '../../harness/command.ts'
import { collectLog } from '../../harness/log.ts'
import { newSecret, oneApi, SECRET } from '../../harness/model.ts'
import { described } from '../../harness/refused.ts'
import { openRows } from '../../harness/rows.ts'
import { applyTo, basic, startTestServer, type TestServer, testConfig } from '../../harness/server.ts'
import { A_SECOND, until } from '../../harness/until.ts'

const MODEL = `
${oneApi('edit')}
clients:
  - { client_id: caller, scopes: [edit], credentials: [{ secret: ${SECRET} }] }
  - { client_id: other, scopes: [edit], credentials: [{ secret: ${SECRET} }] }
  - { client_id: watcher, introspects: all, credentials: [{ secret: ${SECRET} }] }
`

/** The calls of the database that fail, and their errors. */
const failing = new Map<string, () => Error>()
const denied = () => new Error('permission denied')
const away = () => new StorageUnavailable(undefined)
/** Milliseconds that the process has spent without news. */
let unseen = 0

const { log, lines } = collectLog()
let server: TestServer
let env: Record<string, string>
beforeAll(async () => {
  server = await startTestServer({
    manifest: MODEL,
    log,
    clock: { now: systemClock.now, monotonic: () => systemClock.monotonic() + unseen },
    open: async (...args) => {
      const store = await openStore(...args)
      const may = (call: () => unknown, name: string) => {
        const error = failing.get(name)
        return error === undefined ? call() : Promise.reject(error())
      }
      const [changes, keys, directory] = [store.changes, store.keys, store.directory].map((part) =>
        withCalls(part, may),
      )
      return { ...store, changes, keys, directory } as typeof store
    },
  })
  env = { TESSERA_STORAGE: server.config.storage, TESSERA_MASTER_KEY: server.config.masterKey.toString('base64') }
})
afterEach(async () => {
  failing.clear()
  await until(async () => (await fetch(`${server.admin}/readyz`)).status === 200)
})
afterAll(() => server.stop())

const post = (path: string, client: string, form: Record<string, string>, at = server.issuer) =>
  fetch(`${at}/as/${path}.oauth2`, { method: 'POST', body: new URLSearchParams(form), headers: basic(client, SECRET) })
const ask = (client = 'caller', at = server.issuer) => post('token', client, { grant_type: 'client_credentials' }, at)
const issue = async () => ((await (await ask()).json()) as { access_token: string }).access_token
const introspect = (token: string) => post('introspect', 'watcher', { token })
const ready = async (at = server.admin) => {
  const response = await fetch(`${at}/readyz`)
  const { reasons } = (await response.json()) as { reasons?: string[] }
  return { status: response.status, reasons }
}
async function expectRefused(response: Response, reason: string): Promise<void> {
  expect({ status: response.status, ...((await response.json()) as object) }).toEqual({
    status: 503,
    error: 'temporarily_unavailable',
    error_description: described('The server cannot answer now; try again later'),
  })
  expect(response.headers.get('retry-after')).toBe('1')
  const [event] = await server.audit(response.headers.get('x-request-id'))
  expect(event?.reason).toBe(reason)
}

const changeKeys = () => runCommand(env, () => keysRotate({ algorithm: 'ES256' }))
const changeApis = () => server.apply('apis: [{ audience: "https://more.example.com", scopes: [{ name: more }] }]')

/** Each row names the failing part, the change that can't be applied, and the reason of the refusals. */
const cases: [string, string, () => Error, () => Promise<unknown>, string, RegExp][] = [
  ['keys that the database refuses', 'listKeys', denied, changeKeys, 'out_of_date', /of keys in the last \d+ s/],
  ['unreadable keys', 'listKeys', away, changeKeys, 'storage_unavailable', /of keys in the last/],
  ['APIs that the database refuses', 'loadApis', denied, changeApis, 'out_of_date', /of directory in the last/],
  ['changes that the database refuses', 'changesSince', denied, async () => {}, 'out_of_date', /of (keys|directory)/],
]
describe('a process that has missed changes for over a second although the database answers', () => {
  test.each(cases)(
    'issues nothing, calls no token inactive, and is not ready: %s',
    async (...[, call, error, change, reason, why]) => {
      const token = await issue()
      failing.set(call, error)
      await change()
      // It works for up to a second.
      expect((await ask()).status).toBe(200)
      await until(async () => {
        unseen += 200
        return (await ready()).status === 503
      })
      expect((await ready()).reasons).toEqual(expect.arrayContaining([expect.stringMatching(why)]))
      await expectRefused(await ask(), reason)
      for (const asked of [
        token,
        'garbage',
        token.replace(/^[^.]+/, 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ'),
      ]) {
        await expectRefused(await introspect(asked), reason)
        await expectRefused(await post('revoke_token', 'caller', { token: asked }), reason)
      }
      const validate = 'urn:pingidentity.com:oauth2:grant_type:validate_bearer'
      await expectRefused(await post('token', 'watcher', { grant_type: validate, token }), reason)
      // The answer tells strangers nothing, and requests that don't need the data are served.
      expect((await fetch(`${server.issuer}/pf/JWKS`)).status).toBe(200)
      const metrics = await (await fetch(`${server.admin}/metrics`)).text()
      expect(
        Math.max(...[...metrics.matchAll(/tessera_state_age_seconds{of="\w+"} (\S+)/g)].map(([, age]) => Number(age))),
      ).toBeGreaterThan(1)

      failing.clear()
      await until(async () => (await ask()).status === 200)
      expect(await (await introspect(token)).json()).toMatchObject({ active: true })
      expect((await ready()).status).toBe(200)
    },
  )

  test('still learns of all other changes', async () => {
    failing.set('listKeys', denied)
    await changeKeys()
    expect((await ask('other')).status).toBe(200)
    expect((await runCommand(env, () => clientsEnable('other', false, { yes: true }))).error).toBeUndefined()
    expect(await until(async () => (await ask('other')).status === 401)).toBeLessThan(A_SECOND)
    expect((await runCommand(env, () => clientsEnable('other', true, {}))).error).toBeUndefined()
  })

  test('logs this once', async () => {
    const told = () => lines.filter(({ msg }) => String(msg).includes('changes could not be loaded'))
    failing.set('listKeys', () => new Error('once and for all'))
    await changeKeys()
    const of = () => told().filter(({ err }) => JSON.stringify(err).includes('once and for all'))
    await until(async () => of().length > 0)
    for (let n = 0; n < 20; n += 1) await ready()
    unseen += 1_500
    await until(async () => (await ready()).status === 503)
    expect(of()).toHaveLength(1)
  })
})

test('a process whose database is away issues tokens, and introspects none', async () => {
  const token = await issue()
  for (const call of ['changesSince', 'listKeys', 'loadApis', 'loadClient']) failing.set(call, away)
  await until(async () => {
    unseen += 200
    return (await introspect(token)).status === 503
  })
  await expectRefused(await introspect(token), 'storage_unavailable')
  await expectRefused(await introspect('garbage'), 'storage_unavailable')
  expect((await ask()).status).toBe(200)
  expect((await ready()).reasons?.length).toBeGreaterThan(0)
})

test('a revoked key signs for at most a second while the keyring is unreadable', async () => {
  const token = await issue()
  const [{ kid }] = JSON.parse(`[${Buffer.from(token.split('.')[0] ?? '', 'base64url')}]`)
  failing.set('listKeys', denied)
  const { error } = await runCommand(env, () => keysRevoke(kid, { algorithm: 'ES256', yes: true }))
  expect(error).toBeUndefined()
  await until(async () => {
    unseen += 100
    return (await ask()).status === 503
  })
  expect((await introspect(token)).status).toBe(503)
  failing.clear()
  await until(async () => (await ask()).status === 200)
  expect(await (await introspect(token)).json()).toEqual({ active: false })
})

test('one of several workers that is behind makes the server not ready', async () => {
  const { config, folder } = await testConfig()
  await applyTo(config, MODEL.replaceAll(SECRET, newSecret()))
  const command = startTessera(['serve'], environmentOf(config, { TESSERA_WORKERS: '2' }))
  onTestFinished(async () => {
    await command.stop('SIGKILL')
    rmSync(folder, { recursive: true })
  })
  await command.printed(/is served on/)
  const admin = `https://localhost:${config.admin.port}`
  expect((await ready(admin)).status).toBe(200)
  const rows = openRows(config)
  rows.run('alter table "key" rename to mislaid')
  rows.announce('key', 'x')
  await until(async () => (await ready(admin)).status === 503)
  expect((await ready(admin)).reasons?.join()).toMatch(/changes of keys/)
  rows.run('alter table mislaid rename to "key"')
  await until(async () => (await ready(admin)).status === 200)
  rows.close()
})
