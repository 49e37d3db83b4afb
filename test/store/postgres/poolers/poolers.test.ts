import { Agent } from 'node:https'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Jti } from '../../../../src/oauth/ids.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import { openDatabase, openStore } from '../../../../src/store/open.ts'
import { copyDatabase } from '../../../../src/store/tables/copy.ts'
import type { Store } from '../../../../src/store/tables/sql-store.ts'
import { ACCESS } from '../../../harness/access.ts'
import { Caller, makeFleet } from '../../../harness/fleet.ts'
import { startPostgres, type TestPostgres } from '../../../harness/postgres.ts'
import { startTestServer } from '../../../harness/server.ts'
import { until } from '../../../harness/until.ts'
import { everyCall } from '../../odd-times.ts'
import { isPgBouncerHere, startPgBouncer } from './pgbouncer.ts'
import { type Pooler, startPooler } from './transaction-pooler.ts'

let postgres: TestPostgres
let pooler: Pooler
beforeAll(async () => {
  postgres = await startPostgres()
  pooler = await startPooler(postgres.port)
})
afterAll(async () => {
  await pooler.stop()
  await postgres.stop()
})

/** Finds statements of any client that the server still runs. */
const SLEEPING = `select 1 from pg_stat_activity where state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()`

interface Way {
  readonly name: string
  readonly isMissing?: boolean
  /** The address of a database through this connection. */
  open(url: string): Promise<{ readonly url: string; stop(): Promise<void> }>
}

const ways: readonly Way[] = [
  { name: 'directly', open: async (url) => ({ url, stop: async () => {} }) },
  { name: 'a pooler in transaction mode', open: async (url) => ({ url: pooler.through(url), stop: async () => {} }) },
  ...(['transaction', 'session'] as const).map((mode) => ({
    name: `PgBouncer in ${mode} mode${isPgBouncerHere ? '' : ' (skipped: it is not installed here)'}`,
    isMissing: !isPgBouncerHere,
    open: (url: string) => startPgBouncer(url, mode),
  })),
]

for (const { name, isMissing, open } of ways) {
  describe.skipIf(isMissing)(`PostgreSQL through ${name}`, () => {
    let way: Awaited<ReturnType<Way['open']>>
    let direct: string
    beforeAll(async () => {
      direct = await postgres.newSchema()
      way = await open(direct)
    })
    afterAll(() => way.stop())

    test('the database is migrated, and every method of every store works', async () => {
      const store = await openStore(way.url, systemClock, ACCESS)
      for (const [method, call] of everyCall) await expect(call(store, 1e12), method).resolves.not.toThrow()
      await store.close()
    })

    test('a server serves all its endpoints', async () => {
      const fleet = await makeFleet()
      const own = await open(await postgres.newSchema())
      const server = await startTestServer({ manifest: fleet.manifest, options: { storage: own.url } })
      const agent = new Agent({ keepAlive: true })
      const caller = new Caller(server.issuer, agent)
      // Parallel requests make the pooler switch sessions.
      const tokens = await Promise.all(Array.from({ length: 8 }, () => caller.token()))
      const [token = ''] = tokens
      for (const assertion of await Promise.all([1, 2, 3].map(() => fleet.assert(server.issuer)))) {
        const presented = [await caller.present(assertion), await caller.present(assertion)]
        expect(presented.map(({ status }) => status)).toEqual([200, 401])
      }
      expect(await caller.isActive(token)).toBe(true)
      expect((await caller.revoke(token)).status).toBe(200)
      expect(await caller.isActive(token)).toBe(false)
      expect((await fetch(`${server.admin}/readyz`)).status).toBe(200)
      agent.destroy()
      await server.stop()
      await own.stop()
    })

    const kinds = ['urgent', 'writes'] as const

    test.each(kinds)(
      '%s: the server ends a statement that takes too long, inside and outside transactions',
      async (kind) => {
        const database = await openDatabase(way.url, systemClock, {
          ...ACCESS,
          requestTimeout: 300,
          statementTimeout: 300,
        })
        const slow = sql`select pg_sleep(60)`
        const attempts = [
          () => slow.execute(database[kind]),
          () => database[kind].transaction().execute((trx) => slow.execute(trx)),
        ]
        for (const attempt of attempts) {
          await expect(attempt()).rejects.toMatchObject({ reason: 'storage_unavailable' })
          // The request has ended by now, and the server ends the statement all the same.
          await until(async () => (await postgres.query(SLEEPING)).length === 0)
        }
        await database.close()
      },
    )

    test('a client that left while it waited for a lock doesn’t wait at the server for long', async () => {
      const store = await openStore(way.url, systemClock, ACCESS)
      const limits = { ...ACCESS, requestTimeout: 1_000, statementTimeout: 1_000 }
      const impatient = await openStore(way.url, systemClock, limits)
      const holder = new pg.Client({ connectionString: direct })
      await holder.connect()
      await holder.query('begin; select * from counter for update')
      const revoke = ({ revocations }: Store, id: string) =>
        revocations.addRevocations([{ kind: 'token', id: Jti(id), expiresAt: Number.MAX_SAFE_INTEGER }])
      await expect(revoke(impatient, 'waits')).rejects.toMatchObject({ reason: 'storage_unavailable' })
      await until(async () => (await postgres.query('select 1 from pg_locks where not granted')).length === 0)
      await holder.query('rollback')
      await holder.end()
      await revoke(store, 'after')
      const { found } = await store.revocations.revocationsAfter(0, 1_000)
      expect(found.map(({ id }) => id)).toContain('after')
      expect(found.map(({ id }) => id)).not.toContain('waits')
      await impatient.close()
      await store.close()
    })

    test('a setting of one transaction doesn’t leak into the next one of the session', async () => {
      const database = await openDatabase(way.url, systemClock, ACCESS)
      const shown = sql<{ limits: string }>`select concat_ws(' ', current_setting('statement_timeout'),
        current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')) as limits`
      const inUse = async (kind: 'reads' | 'writes' | 'unhurried') => [
        (await shown.execute(database[kind])).rows[0]?.limits,
        (await database[kind].transaction().execute((trx) => shown.execute(trx))).rows[0]?.limits,
      ]
      expect(await inUse('reads')).toEqual(['1min 0 30s', '1min 0 30s'])
      expect(await inUse('writes')).toEqual(['15s 0 30s', '15s 0 30s'])
      expect(await inUse('unhurried')).toEqual(['0 0 0', '0 0 0'])
      const client = new pg.Client({ connectionString: way.url })
      await client.connect()
      for (let turn = 0; turn < 20; turn += 1)
        expect((await client.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '0' }])
      await client.end()
      await database.close()
    })

    test('a copy is made from it and into it', async () => {
      const target = await open(await postgres.newSchema())
      const [from, to] = await Promise.all([way, target].map(({ url }) => openDatabase(url, systemClock, ACCESS)))
      if (from === undefined || to === undefined) throw new Error('two were opened')
      const copied = await copyDatabase(from, to, () => {})
      expect(copied.get('audit_event')?.rows).toBeGreaterThan(0)
      for (const database of [from, to]) await database.close()
      await target.stop()
    })
  })
}

test.skipIf(!isPgBouncerHere)(
  'of two instances of PgBouncer, the second one serves once the first is stopped',
  async () => {
    const direct = await postgres.newMigrated()
    const [one, two] = await Promise.all([startPgBouncer(direct, 'transaction'), startPgBouncer(direct, 'transaction')])
    const store = await openStore(one.url.replace('/tessera', `,${new URL(two.url).host}/tessera`), systemClock, ACCESS)
    await store.ping()
    await one.stop()
    await until(() =>
      store.ping().then(
        () => true,
        () => false,
      ),
    )
    await store.close()
    await two.stop()
  },
)

test('the pooler of these tests refuses what PgBouncer refuses, and switches sessions', async () => {
  const url = pooler.through(await postgres.newSchema())
  const client = new pg.Client({ connectionString: url, statement_timeout: 1 })
  await expect(client.connect()).rejects.toMatchObject({ message: 'unsupported startup parameter: statement_timeout' })
  const before = pooler.switches
  const clients = [1, 2].map(() => new pg.Client({ connectionString: url }))
  for (const each of clients) await each.connect()
  const [one] = clients
  const pids = new Set<unknown>()
  for (let turn = 0; turn < 4; turn += 1) pids.add((await one?.query('select pg_backend_pid() as pid'))?.rows[0]?.pid)
  expect(pids.size).toBe(2)
  expect(pooler.switches).toBeGreaterThan(before)
  for (const each of clients) await each.end()
})
