import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { version } from '../../src/platform/version.ts'
import { migrateDatabase, openStore } from '../../src/store/open.ts'
import { ACCESS } from '../harness/access.ts'
import { emptyDatabase } from '../harness/empty-database.ts'
import { makeOldDatabase, migrationBefore } from '../harness/old-database.ts'
import { loginRole, type SharedPostgres, sharedPostgres } from '../harness/postgres.ts'
import { runTessera } from '../harness/program.ts'
import { NODE } from '../store/nodes.ts'

let postgres: SharedPostgres
beforeAll(async () => {
  postgres = await sharedPostgres()
  await postgres.query(loginRole('serving'))
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-upgrade-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const check = (storage: string, ...args: string[]) =>
  runTessera(['upgrade', '--check', ...args], { TESSERA_STORAGE: storage })
const newest = readdirSync('src/store/migrations').findLast((file) => file.startsWith('0')) ?? ''

const products: [
  string,
  { empty(): Promise<string>; migrated(): Promise<string>; all(url: string, sql: string): Promise<readonly object[]> },
][] = [
  [
    'SQLite',
    {
      empty: async () => `sqlite:${join(folder, 'tessera.db')}`,
      migrated: async () => emptyDatabase(join(folder, 'tessera.db')),
      all: async (url, sql) => {
        const database = new DatabaseSync(url.slice('sqlite:'.length))
        const rows = database.prepare(sql).all()
        database.close()
        return rows
      },
    },
  ],
  [
    'PostgreSQL',
    {
      empty: () => postgres.newDatabase(),
      migrated: () => postgres.newMigrated(),
      all: (url, sql) => postgres.query(sql, url),
    },
  ],
]

const CLIENT = `insert into client (tenant, client_id, tags, enabled, grant_types, scopes, default_scopes, token, created_at, updated_at)
  values ('default', 'a', '[]', 1, '[]', '[]', '[]', '{}', 1, 2), ('default', 'b', '[]', 1, '[]', '[]', '[]', '{}', 1, 2)`
const insertFuture = (more: string) =>
  `insert into migration (name, timestamp, version, additive) values ('9999-future', '', ${more})`

describe.each(products)('on %s, upgrade --check', (_product, { empty, migrated, all }) => {
  test('says that an absent database will be created, and exits with 2', async () => {
    const { code, stdout } = await check(await empty())
    expect(stdout).toMatch(new RegExp(`^There is no database .* yet: a start of version ${version} creates it\\.\n$`))
    expect(code).toBe(2)
    expect(readdirSync(folder)).toEqual([])
  })

  test('exits with 0 if nothing is due, and names the servers that are alive', async () => {
    const url = await migrated()
    const store = await openStore(url, systemClock, ACCESS)
    const now = systemClock.now()
    await store.nodes.putNode({ ...NODE, lastSeenAt: now, problems: [] })
    await store.nodes.putNode({ ...NODE, id: 'gone', host: 'auth-2', lastSeenAt: now - 600_000 })
    await store.close()
    const { code, stdout } = await check(url)
    expect(stdout).toMatch(/ is up to date for version .*: no migration is due\.\nServers: +auth-1 \(1\.0\.0\)\n$/)
    expect(code).toBe(0)
  })

  test('describes what is due with its basis, and writes nothing', async () => {
    const url = await empty()
    await makeOldDatabase(url, migrationBefore('0015-fleet'))
    await all(url, CLIENT)
    const { code, stdout } = await check(url)
    expect(code).toBe(2)
    expect(stdout).toContain('\n0015-fleet ')
    expect(stdout).toMatch(/\nTime: +under a second, estimated from 2 rows of client, 0 rows of credential\n/)
    expect(stdout).toMatch(
      /\nSide by side: +servers of the version before go on working, but miss something\n +after 0015-fleet, lists /,
    )
    expect(stdout).toMatch(/\nWay back: +a backup only\nBackup: +advised, /)
    expect(stdout).toMatch(/\nServers: +the database keeps no list of them yet\n$/)
    const data = JSON.parse((await check(url, '--json')).stdout)
    expect(data).toMatchObject({ version, exists: true, side_by_side: 'limited', older_servers_can_start: false })
    expect(data).toMatchObject({ backup_advised: true, servers: null, problems: [] })
    expect(data.due).toContainEqual(
      expect.objectContaining({
        migration: '0015-fleet',
        rows: { client: 2, credential: 0 },
        side_by_side: 'limited',
      }),
    )
    expect(data.room_bytes).toBeGreaterThan(0)
    expect(data.due.at(-1).migration).toBe(newest.replace('.ts', ''))
    // Everything that was due before is due still.
    expect(await migrateDatabase(url, systemClock, ACCESS)).toEqual(
      data.due.map(({ migration }: { migration: string }) => migration),
    )
  })

  test('names the version that a newer database needs, and exits with 1', async () => {
    const url = await migrated()
    await all(url, insertFuture(`'7.1.0', 0`))
    const { code, stderr, stdout } = await check(url)
    expect(stderr).toMatch(
      /^problem: the database is newer than this program: it has had 9999-future, by version 7\.1\.0: use that version or a later one\n$/,
    )
    expect(stdout).toBe('')
    expect(code).toBe(1)
    const data = JSON.parse((await check(url, '--json')).stdout)
    expect(data.problems).toEqual([stderr.slice('problem: '.length, -1)])
    await expect(openStore(url, systemClock, ACCESS)).rejects.toThrow(/by version 7\.1\.0/)
  })

  test('accepts a newer database, as a server does, if older servers work on it', async () => {
    const url = await migrated()
    await all(url, insertFuture(`'7.1.0', 1`))
    expect((await check(url)).code).toBe(0)
    await (await openStore(url, systemClock, ACCESS)).close()
  })

  test('records the version that ran a migration, and says that early versions refuse every unknown one', async () => {
    const url = await empty()
    await makeOldDatabase(url, '0018-manifests')
    const { stdout } = await check(url, '--json')
    expect(JSON.parse(stdout)).toMatchObject({ older_servers_can_start: false, side_by_side: 'yes' })
    await Promise.all([1, 2].map(() => migrateDatabase(url, systemClock, ACCESS)))
    const recorded = await all(url, 'select name, version, additive from migration where version is not null')
    expect(recorded).toContainEqual({ name: '0019-nodes', version, additive: 1 })
    expect(recorded).not.toContainEqual(expect.objectContaining({ name: '0018-manifests' }))
  })
})

test('a role that may not migrate is told who must, and exits with 1', async () => {
  const url = await postgres.newMigrated()
  await postgres.query(
    `grant select, insert, update, delete on all tables in schema public to serving; delete from migration where name = '0019-nodes'`,
    url,
  )
  const { code, stdout, stderr } = await check(url.replace('postgres:postgres@', 'serving:serving@'))
  expect(stdout).toContain('0019-nodes')
  expect(stderr).toMatch(/^problem: storage: the database has not had 0019-nodes, and the role serving may not /)
  expect(code).toBe(1)
})

test('without --check it does nothing, and says so', async () => {
  const { code, stderr } = await runTessera(['upgrade'], {})
  expect(stderr).toMatch(/--check/)
  expect(code).toBe(2)
})

test('on SQLite it leaves the files as they are, and asks for at least the room that the migrations take', async () => {
  const path = join(folder, 'tessera.db')
  await makeOldDatabase(`sqlite:${path}`, migrationBefore('0011-tenants'))
  const database = new DatabaseSync(path)
  database.exec(`insert into client (client_id, name, owner, tags, enabled, grant_types, scopes, default_scopes, token, created_at, updated_at)
    with recursive n (i) as (select 1 union all select i + 1 from n where i < 20000)
    select 'client-' || i, 'Client ' || i, 'owner', '["a","b"]', 1, '["client_credentials"]', '["orders:read"]', '[]', '{}', i, i from n`)
  database.close()
  const before = readFileSync(path)
  const { code, stdout } = await check(`sqlite:${path}`, '--json')
  expect(code).toBe(2)
  expect(readFileSync(path).equals(before)).toBe(true)
  expect(readdirSync(folder)).toEqual(['tessera.db'])
  await migrateDatabase(`sqlite:${path}`, systemClock)
  const { room_bytes: room, seconds } = JSON.parse(stdout)
  expect(room).toBeGreaterThan(statSync(path).size - before.length)
  expect(seconds.to).toBeGreaterThan(1)
  expect(seconds.to).toBe(9 * seconds.from)
})
