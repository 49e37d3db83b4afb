import { randomBytes } from 'node:crypto'
import { Agent } from 'node:https'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { disableClient } from '../../src/management/clients/disable.ts'
import { ClientId, Jti } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import { copyDatabase } from '../../src/store/tables/copy.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { ACCESS } from '../harness/access.ts'
import { report } from '../harness/extent.ts'
import { Caller, clientLine, makeFleet } from '../harness/fleet.ts'
import { contextOf } from '../harness/management.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { A_SECOND, until } from '../harness/until.ts'
import { type Link, startLink } from './link.ts'

/** Enough time on a machine that runs other tests. */
const LIMITS = { ...ACCESS, requestTimeout: 2_000 }

/** The primary, and the server that replaces it. New connections go to the primary until it is replaced. */
let before: TestPostgres
let after: TestPostgres
let link: Link
/** The address through the link, and the direct address of each server. */
let url: string
let addresses: { readonly before: string; readonly after: string }
beforeAll(async () => {
  ;[before, after] = await Promise.all([startPostgres(), startPostgres()])
})
afterAll(() => Promise.all([before.stop(), after.stop()]))
beforeEach(async () => {
  link = await startLink(before.port)
  addresses = { before: await before.newDatabase(), after: await after.newDatabase() }
  url = link.through(addresses.before)
  // The link switches servers by the port, so that the paths must be equal.
  expect(new URL(addresses.before).pathname).toBe(new URL(addresses.after).pathname)
})
afterEach(async () => {
  await link.stop()
})

/** Gives the new primary all rows of the old one. */
async function replicate(): Promise<void> {
  const [from, to] = [
    await openDatabase(addresses.before, systemClock, ACCESS),
    await openDatabase(addresses.after, systemClock, ACCESS),
  ]
  await copyDatabase(from, to, () => {})
  for (const database of [from, to]) await database.close()
}

const replace = () => {
  link.target = after.port
}
/**
 * Makes the primary read-only and keeps its sessions, as a primary that became a standby without a restart, or one
 * behind a pooler. @returns a function that undoes this
 */
async function demote(): Promise<() => Promise<void>> {
  await before.query('alter system set default_transaction_read_only = on')
  await before.query('select pg_reload_conf()')
  await until(isReadOnly)
  return async () => {
    await before.query('alter system reset default_transaction_read_only')
    await before.query('select pg_reload_conf()')
    await until(async () => !(await isReadOnly()))
  }
}

const isReadOnly = async () => (await before.query('show transaction_read_only'))[0]?.['transaction_read_only'] === 'on'

const sessions = (server: TestPostgres) =>
  server.query(`select pid from pg_stat_activity where application_name = 'tessera'`)

const revocation = (id: string) => ({ kind: 'token', id: Jti(id), expiresAt: Number.MAX_SAFE_INTEGER }) as const

/** Calls that requests wait for, and calls that servers make periodically. */
const calls: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'reading changes': ({ changes }) => changes.changesSince(0),
  'reading keys': ({ keys }) => keys.listKeys(),
  'adding a revocation': ({ revocations }) => revocations.addRevocations([revocation('late')]),
  'marking an assertion as used': ({ replay }) => replay.addMarks([{ id: Buffer.alloc(16, 1), expiresAt: 1 }]),
  'changing keys': ({ keys }) => keys.updateKeys(() => ({ add: [], put: [] })),
  'a ping': (store) => store.ping(),
}

/** Opens connections in both pools. */
async function useAll(store: Store): Promise<void> {
  await Promise.all(Object.values(calls).map((call) => call(store)))
  expect((await sessions(before)).length).toBeGreaterThan(2)
}

/** Ways in which a primary fails. Each returns a function that brings it back. */
const ways: [string, () => Promise<() => Promise<void>>][] = [
  ['takes no more writes but keeps its sessions', demote],
  ['is shut down', () => before.down()],
  ['falls silent', () => before.freeze()],
]

describe('the primary', () => {
  test.each(ways)(
    '%s, and another takes its place: connections to the old one are given up at once',
    async (_, leave) => {
      const store = await openStore(url, systemClock, LIMITS)
      await store.revocations.addRevocations([revocation('before')])
      await replicate()
      await useAll(store)
      const other = await openStore(addresses.after, systemClock, ACCESS)
      await other.revocations.addRevocations([revocation('elsewhere')])
      const back = await leave()
      onTestFinished(back)
      replace()

      let failed = 0
      const read = async () => {
        const { found } = await store.revocations.revocationsAfter(0, 100)
        // The rows must come from the new primary.
        expect(found.map(({ id }) => id)).toContain('elsewhere')
        return true
      }
      const took = await until(async () => {
        const isRead = await read().catch((error: { reason?: string }) => {
          expect(error).toMatchObject({ reason: 'storage_unavailable' })
          failed += 1
          return false
        })
        return isRead
      })
      for (const [name, call] of Object.entries(calls)) {
        const attempt = () =>
          call(store).then(
            () => true,
            () => {
              failed += 1
              return false
            },
          )
        await until(attempt).catch((error: unknown) => {
          throw new Error(name, { cause: error })
        })
      }
      await back()
      await until(async () => (await sessions(before)).length === 0)
      report('fail-over', { 'read again after (ms)': Math.round(took), 'calls that failed': failed })
      await store.close()
      await other.close()
    },
  )

  test('takes no more writes: once another has taken its place, no call fails', async () => {
    const store = await openStore(url, systemClock, LIMITS)
    await replicate()
    await useAll(store)
    const back = await demote()
    onTestFinished(back)
    replace()
    for (const [name, call] of Object.entries(calls)) await expect(call(store), name).resolves.not.toThrow()
    await back()
    await store.close()
  })

  test('takes no more writes, and nothing has taken its place: reads from it fail, too', async () => {
    const store = await openStore(url, systemClock, LIMITS)
    const back = await demote()
    onTestFinished(back)
    for (const [name, call] of Object.entries(calls))
      await expect(call(store), name).rejects.toMatchObject({ reason: 'storage_unavailable' })
    await back()
    for (const [name, call] of Object.entries(calls)) await expect(call(store), name).resolves.not.toThrow()
    await store.close()
  })
})

describe('a server', () => {
  let server: TestServer
  afterEach(() => server.stop())

  test('is not ready while its database takes no writes, and serves again once another has taken its place', async () => {
    const fleet = await makeFleet()
    server = await startTestServer({ manifest: fleet.manifest, options: { storage: url } })
    const agent = new Agent({ keepAlive: true })
    const caller = new Caller(server.issuer, agent)
    const readiness = async () => {
      const response = await fetch(`${server.admin}/readyz`)
      return { status: response.status, ...((await response.json()) as object) }
    }
    const [token, spared] = [await caller.token(), await caller.token()]
    expect((await caller.present(await fleet.assert(server.issuer))).status).toBe(200)
    expect(await readiness()).toEqual({ status: 'ok' })
    await until(async () => (await server.audit()).length > 3)
    await replicate()

    const back = await demote()
    onTestFinished(back)
    await until(async () => (await fetch(`${server.admin}/readyz`)).status === 503)
    expect(await readiness()).toMatchObject({ reasons: ['the database does not accept writes'] })
    // The server can't tell whether the token is active.
    await until(async () => (await caller.introspect(token)).status === 503)
    expect((await caller.revoke(token)).status).toBe(503)
    expect((await caller.present(await fleet.assert(server.issuer))).status).toBe(503)
    expect((await caller.ask()).status).toBe(200)

    replace()
    expect((await caller.revoke(token)).status).toBe(200)
    expect((await caller.present(await fleet.assert(server.issuer))).status).toBe(200)
    expect(await caller.isActive(token)).toBe(false)
    expect(await caller.isActive(spared)).toBe(true)
    await until(async () => (await fetch(`${server.admin}/readyz`)).status === 200)
    await until(async () => (await sessions(before)).length === 0)
    await back()
    agent.destroy()
  })

  test('learns of all changes and revocations, even if the last ones before a fail-over were lost', async () => {
    const fleet = await makeFleet()
    server = await startTestServer({ manifest: fleet.manifest + clientLine('other'), options: { storage: url } })
    const agent = new Agent({ keepAlive: true })
    const caller = new Caller(server.issuer, agent)
    const [lost, revoked] = [await caller.token(), await caller.token()]
    expect((await caller.ask('other')).status).toBe(200)
    await until(async () => (await server.audit()).length > 2)
    await replicate()
    // The server has read these, and the new primary has not.
    await change(addresses.before, (store) => disableClient(inManagement(store), ClientId('other')))
    expect((await caller.revoke(lost)).status).toBe(200)
    await until(async () => (await caller.ask('other')).status === 401)

    const back = await before.down()
    onTestFinished(back)
    replace()
    // They get the numbers of those that were lost.
    await change(addresses.after, ({ revocations }) => revocations.addRevocations([revocation(jtiOf(revoked))]))
    await until(async () => !(await caller.isActive(revoked).catch(() => true)), A_SECOND)
    expect(await caller.isActive(lost)).toBe(false)
    await change(addresses.after, (store) => disableClient(inManagement(store), ClientId('caller')))
    await until(async () => (await caller.ask()).status === 401, A_SECOND)
    // The server begins new chains of events, since the new primary lacks the end of the old ones.
    expect((await caller.present(await fleet.assert(server.issuer))).status).toBe(200)
    await until(async () => (await server.audit()).some(({ clientId }) => clientId === 'robot'))
    agent.destroy()
    await back()
  })
})

/** Makes a change through another process. */
async function change(address: string, make: (store: Store) => Promise<unknown>): Promise<void> {
  const store = await openStore(address, systemClock, ACCESS)
  await make(store)
  await store.close()
}

const inManagement = (store: Store) => contextOf(store, systemClock, new MasterKey(randomBytes(32), systemRandom))

const jtiOf = (token: string): string => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti
