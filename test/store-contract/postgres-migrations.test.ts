import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { storageMigrate } from '../../src/cli/storage.ts'
import { ClientId, Jti } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { runCommand } from '../harness/command.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { until } from '../harness/until.ts'
import { ACCESS } from './access.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
  await postgres.query(`create role serving login password 'serving'`)
})
afterAll(() => postgres.stop())

const open = (url: string) => openStore(url, systemClock, ACCESS)
const migrate = (url: string) => runCommand({ TESSERA_STORAGE: url }, () => storageMigrate({}))
/** The same database, as the role that may not do everything. */
const asServing = (url: string) => url.replace('postgres:postgres@', 'serving:serving@')
const migrationsOf = (url: string) => postgres.query('select name from migration order by name', url)

/** What docs/storage.md tells to grant. */
const GRANTS = `
  grant select, insert, update, delete on all tables in schema public to serving;
  revoke insert, update, delete on migration from serving`

describe('migrations', () => {
  test('run once, of nodes that start at once on an empty database', async () => {
    const url = await postgres.newDatabase()
    const stores = await Promise.all([1, 2, 3, 4].map(() => open(url)))
    for (const store of stores) {
      expect((await store.directory.loadApis()).found).toEqual([])
      await store.close()
    }
    const names = (await migrationsOf(url)).map(({ name }) => name)
    expect(names).toEqual([...new Set(names)])
    expect((await migrate(url)).stdout).toBe('the database is up to date\n')
  })

  test('are waited for, however long another node takes over one, and run where that one fails', async () => {
    const url = await postgres.newDatabase()
    await open(url).then((store) => store.close())
    await postgres.query(`delete from migration where name > '0005'; drop table counter, master_key`, url)
    // Another node has begun.
    const other = postgres.query(
      `begin; insert into migration values ('0005-counters', '');
      select pg_sleep(1); rollback`,
      url,
    )
    const begun = `select 1 from pg_stat_activity where wait_event = 'PgSleep'`
    await until(async () => (await postgres.query(begun)).length > 0)
    const impatient = { ...ACCESS, statementTimeout: 300 }
    const store = await openStore(url, systemClock, impatient)
    await other
    expect(await store.changes.latestChange()).toBe(0)
    await store.close()
  })

  test('of a newer program are refused, and nothing is changed', async () => {
    const url = await postgres.newDatabase()
    await open(url).then((store) => store.close())
    await postgres.query(`insert into migration values ('9999-future', '')`, url)
    const before = await migrationsOf(url)
    await expect(open(url)).rejects.toThrow(/newer than this program: it has had 9999-future/)
    expect(await migrationsOf(url)).toEqual(before)
  })
})

describe('a role that may only read and write', () => {
  test('is told who must migrate', async () => {
    const url = await postgres.newDatabase()
    await expect(open(asServing(url))).rejects.toThrow(
      /may not migrate the database \(0001-first.*tessera storage migrate/,
    )
    expect((await migrate(asServing(url))).error).toMatch(/may not migrate/)
  })

  test('serves what another has migrated', async () => {
    const url = await postgres.newDatabase()
    expect((await migrate(url)).stdout).toMatch(/^ran 0001-first\nran /)
    await postgres.query(GRANTS, url)
    const store = await open(asServing(url))
    const { version } = await store.manifest.snapshot([])
    const origin = { clientId: undefined, remoteAddress: undefined, traceId: undefined, reason: undefined }
    const event = { ...origin, at: 1, type: 'token.issue', result: 'success', requestId: 'r', detail: {} } as const
    expect(await store.manifest.commit(version, { apis: [], clients: [], event })).toBe(true)
    await store.revocations.addRevocations([{ kind: 'token', id: Jti('t'), expiresAt: 1 }])
    expect(await store.revocations.pruneRevocations(2, 9)).toBe(1)
    expect(await store.replay.addMarks([{ id: Buffer.alloc(16), expiresAt: 1 }])).toHaveLength(1)
    expect(await store.replay.pruneMarks(2, 9)).toBe(1)
    await store.revocations.noteLifetime(1)
    await store.keys.updateKeys(() => ({ add: [], put: [] }))
    expect(await store.audit.pruneBefore(2, 9)).toBe(1)
    await store.close()
    await expect(postgres.query('drop table client cascade', asServing(url))).rejects.toThrow(/must be owner/)
    await expect(postgres.query('delete from migration', asServing(url))).rejects.toThrow(/permission denied/)
  })

  test('without a grant fails as a defect, not as a database that is away', async () => {
    const url = await postgres.newDatabase()
    await migrate(url)
    await postgres.query(`grant select on migration to serving`, url)
    const store = await open(asServing(url))
    await expect(store.directory.loadClient(ClientId('a'))).rejects.toThrow(/permission denied for table client/)
    await store.close()
  })
})
