import { rmSync } from 'node:fs'
import pg from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { SYSTEM } from '../../src/audit/actor.ts'
import { storageMigrate } from '../../src/cli/storage.ts'
import type { Config } from '../../src/config/resolve.ts'
import { ClientId, DEFAULT_TENANT, Jti } from '../../src/oauth/ids.ts'
import { createLogger } from '../../src/observability/log.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { UserError } from '../../src/platform/user-error.ts'
import { startPrimary } from '../../src/server/primary.ts'
import { type Server, startServer } from '../../src/server/server.ts'
import { openStore } from '../../src/store/open.ts'
import { ACCESS } from '../harness/access.ts'
import { runCommand } from '../harness/command.ts'
import { makeOldDatabase, migrationBefore } from '../harness/old-database.ts'
import { loginRole, type SharedPostgres, sharedPostgres } from '../harness/postgres.ts'
import { testConfig } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { BEFORE_0008 } from './before-0008.ts'
import { BEFORE_0010 } from './before-0010.ts'
import { event } from './contract.ts'

let postgres: SharedPostgres
beforeAll(async () => {
  postgres = await sharedPostgres()
  await postgres.query(loginRole('serving'))
})

const open = (url: string) => openStore(url, systemClock, ACCESS)
const migrate = (url: string) => runCommand({ TESSERA_STORAGE: url }, () => storageMigrate({}))
/** The address of the same database for the role with few rights. */
const asServing = (url: string) => url.replace('postgres:postgres@', 'serving:serving@')
const migrationsOf = (url: string) => postgres.query('select name from migration order by name', url)

/** The grants that docs/operating/storage.md recommends. */
const GRANTS = `
  grant select, insert, update, delete on all tables in schema public to serving;
  revoke insert, update, delete on migration from serving`

describe('migrations', () => {
  test('run once when nodes start together on an empty database', async () => {
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

  test('are waited for while another node runs one, and run here if it fails there', async () => {
    const url = await postgres.newDatabase()
    await makeOldDatabase(url, '0004-credentials')
    // Another node is running one.
    const other = postgres.query(
      `begin; insert into migration (name, timestamp) values ('0005-counters', '');
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

  test('let requests go on while a long transaction holds their tables, and run once it ends', async () => {
    const url = await postgres.newDatabase()
    await makeOldDatabase(url, migrationBefore('0018-manifests'))
    // As a backup does, it only reads, but a table that it has read can't be altered.
    const backup = new pg.Client({ connectionString: url })
    await backup.connect()
    await backup.query('begin; select * from client')
    const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
    const migrating = open(url)
    let attempts = 0
    while (attempts < 3) {
      await until(async () => (await postgres.query(waiting, url)).length > 0)
      // A request queues behind the migration. It has its turn long before the backup ends.
      expect(await postgres.query('select * from client', url)).toEqual([])
      attempts += 1
    }
    await backup.query('commit')
    await backup.end()
    const store = await migrating
    expect(await migrationsOf(url)).toContainEqual({ name: '0018-manifests' })
    await store.close()
  })

  test('give up after ten minutes behind a lock, and say what to end', async () => {
    const url = await postgres.newDatabase()
    await makeOldDatabase(url, migrationBefore('0018-manifests'))
    const backup = new pg.Client({ connectionString: url })
    await backup.connect()
    await backup.query('begin; select * from client')
    const fast = { ...systemClock, monotonic: () => performance.now() * 1_000 }
    await expect(openStore(url, fast, ACCESS)).rejects.toThrow(
      /^the migration 0018-manifests has waited for 10 minutes.*end it.*nothing was changed$/,
    )
    await backup.end()
    expect(await migrationsOf(url)).not.toContainEqual({ name: '0018-manifests' })
  })

  test('from before operators could end things keep disabled clients disabled, and know the sample', async () => {
    const url = await postgres.newDatabase()
    await makeOldDatabase(url, '0007-bounds')
    await postgres.query(BEFORE_0008, url)
    const store = await open(url)
    expect((await store.directory.loadClient(ClientId('off')))?.ended).toEqual({ disabledAt: 1_700_000_000_000 })
    expect(await store.directory.loadClient(ClientId('on'))).not.toHaveProperty('ended')
    const { found: samples } = await store.credentials.listSamples()
    expect(samples.map(({ clientId, credential: { id } }) => [clientId, id])).toEqual([['cc_client', 'sample']])
    await store.close()
  })

  test('keep events without actors, and store actors for later ones', async () => {
    const url = await postgres.newDatabase()
    await makeOldDatabase(url, migrationBefore('0010-actors'))
    await postgres.query(BEFORE_0010, url)
    const store = await open(url)
    await store.audit.append([{ ...event('later'), actor: SYSTEM }])
    const [earlier, later] = await store.audit.listEvents({ limit: 2 })
    expect(earlier).toMatchObject({ clientId: 'a', detail: { enabled: false } })
    expect(earlier).not.toHaveProperty('actor')
    expect(later).toMatchObject({ requestId: 'later', actor: SYSTEM })
    await store.close()
  })

  test('of a newer program are refused, and change nothing', async () => {
    const url = await postgres.newDatabase()
    await open(url).then((store) => store.close())
    await postgres.query(`insert into migration (name, timestamp) values ('9999-future', '')`, url)
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

  test('serves a database that another role has migrated', async () => {
    const url = await postgres.newDatabase()
    expect((await migrate(url)).stdout).toMatch(/^ran 0001-first\nran /)
    await postgres.query(GRANTS, url)
    const store = await open(asServing(url))
    const { version } = await store.model.snapshot([])
    const origin = { clientId: undefined, remoteAddress: undefined, traceId: undefined, reason: undefined }
    const event = {
      ...origin,
      tenant: DEFAULT_TENANT,
      at: 1,
      type: 'token.issue',
      result: 'success',
      requestId: 'r',
      detail: {},
    } as const
    expect(await store.model.commit(version, { apis: [], clients: [], event })).toBe(true)
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

  const lacking: [string, string, readonly (string | RegExp)[]][] = [
    [
      'every right',
      '',
      [
        'grant select on public.migration to serving',
        /grant select, insert, update, delete on public\..*public\.api, .*to serving/,
      ],
    ],
    [
      'the list of migrations',
      'grant select, insert, update, delete on all tables in schema public to serving; revoke all on migration from serving',
      ['grant select on public.migration to serving'],
    ],
    [
      'one right on one table',
      `${GRANTS}; revoke delete on replay_mark from serving`,
      ['grant select, insert, update, delete on public.replay_mark to serving'],
    ],
    [
      'the table of a later migration',
      `${GRANTS}; alter table counter rename to before; create table counter (like before); insert into counter table before`,
      ['grant select, insert, update, delete on public.counter to serving'],
    ],
    [
      'the schema',
      `${GRANTS}; revoke usage on schema public from public, serving`,
      ['grant usage on schema public to serving'],
    ],
  ]
  test.each(lacking)(
    'is told the missing grant for %s, and serves once it is granted',
    async (_name, state, expected) => {
      const url = await postgres.newDatabase()
      await migrate(url)
      if (state !== '') await postgres.query(state, url)
      const starting = async () => {
        const store = await open(asServing(url))
        try {
          await store.requireGrants()
        } finally {
          await store.close()
        }
      }
      const message = await starting().then(
        () => '',
        (error: unknown) => (error instanceof UserError ? error.message : `no mistake: ${error}`),
      )
      const [, statements = ''] =
        /^this role lacks rights that serving takes\. .* grants them: (.*;)$/.exec(message) ?? []
      expect(statements.split(/; ?/).filter(Boolean)).toEqual(
        expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))),
      )
      // Run the statements of the message. They must suffice.
      await postgres.query(statements, url)
      expect((await migrate(url)).stdout).toBe('the database is up to date\n')
      await expect(starting()).resolves.toBeUndefined()
    },
  )

  const servers: [string, (config: Config) => Promise<Server>][] = [
    ['one process', (config) => startServer(config, { log: createLogger('silent') })],
    ['several', (config) => startPrimary(config, { log: createLogger('silent'), workers: 2 })],
  ]
  test.each(servers)('does not serve without a right: %s', async (_name, start) => {
    const url = await postgres.newDatabase()
    await migrate(url)
    await postgres.query(`${GRANTS}; revoke insert on audit_event from serving`, url)
    const { config, folder } = await testConfig({ storage: asServing(url) })
    await expect(start(config)).rejects.toThrow(/grants them: grant .* on public\.audit_event to serving;$/)
    rmSync(folder, { recursive: true })
  })

  test('with a name that needs quotes gets it quoted', async () => {
    await postgres.query(`create role "a ""b" login password 'serving'`)
    const url = await postgres.newDatabase()
    await migrate(url)
    const own = url.replace('postgres:postgres@', `${encodeURIComponent('a "b')}:serving@`)
    const message = await open(own).then(
      () => '',
      (error: Error) => error.message,
    )
    await postgres.query(message.replace(/^.* grants them: /, ''), url)
    const store = await open(own)
    await store.requireGrants()
    await store.close()
  })

  test('without a grant causes a defect, not an unavailable database', async () => {
    const url = await postgres.newDatabase()
    await migrate(url)
    await postgres.query(`grant select on migration to serving`, url)
    const store = await open(asServing(url))
    await expect(store.directory.loadClient(ClientId('a'))).rejects.toThrow(/permission denied for table client/)
    await store.close()
  })
})
