import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { sql } from 'kysely'
import { parseDatabaseLocation } from '../input/database-location.ts'
import { type ListedNode, listNodes } from '../nodes/list.ts'
import type { Clock } from '../platform/clock.ts'
import { examineDatabase } from './examine.ts'
import { canOlderStart, migrations, pendingMigrations } from './migrations/migrate.ts'
import type { Migration } from './migrations/migration.ts'
import { type PostgresAccess, parsePostgresUrl } from './postgres/address.ts'
import { openPostgres } from './postgres/open.ts'
import type { Database } from './sql/dialect.ts'
import { openSqliteToRead } from './sqlite/open.ts'
import { SqlNodeStore } from './tables/nodes.ts'

/** The estimated time of migrations, in seconds. */
export interface Estimate {
  readonly from: number
  readonly to: number
}

/** A migration that has yet to run. */
export interface DueMigration extends Pick<Migration, 'does' | 'olderServers'> {
  readonly name: string
  /** The rows of each table that it reads or writes. */
  readonly rows: ReadonlyMap<string, number>
  readonly seconds: Estimate
}

/** The consequences of a start of this version on a database. */
export interface Upgrade {
  /** Whether there is a database. If not, a start creates it, and nothing else is known. */
  readonly exists: boolean
  readonly due: readonly DueMigration[]
  /** Whether servers of the version before can start again afterwards. */
  readonly canOlderStart: boolean
  /** Bytes that the migrations may need on the disk, and those that are free; undefined if they can't be known from here. */
  readonly room: { readonly needed: number; readonly free: number | undefined }
  /** The servers that run on the database; undefined if its version keeps no list of them. */
  readonly servers: readonly ListedNode[] | undefined
  /** The reasons why a start would fail, one line each. */
  readonly problems: readonly string[]
}

/** Rates were measured on one machine. Others, and busy ones, are slower or faster by this. */
const UNCERTAINTY = 3
/** A copy of a table may have twice as many indexes, and is written to the log before it is written to the table. */
const COPIES = 4

/**
 * Says what a start of this version would do to a database. It writes nothing: no file, no table, no row.
 * @throws StorageUnavailable, or an error of the database, if it can't be read although a start would not fail
 */
export async function checkUpgrade(location: string, access: PostgresAccess, clock: Clock): Promise<Upgrade> {
  const { mistakes: problems } = await examineDatabase(location, { access, masterKey: undefined })
  const nothing = {
    exists: true,
    due: [],
    canOlderStart: true,
    room: { needed: 0, free: undefined },
    servers: undefined,
  }
  const read = parseDatabaseLocation(location)
  const path = read.kind === 'sqlite' ? read.path : undefined
  if (path !== undefined && (!existsSync(path) || statSync(path).size === 0))
    return { ...nothing, exists: false, problems }
  try {
    const db = path === undefined ? openPostgres(parsePostgresUrl(location, access), access) : openSqliteToRead(path)
    try {
      return { ...nothing, ...(await readUpgrade(db, path, clock)), problems }
    } finally {
      await db.close()
    }
  } catch (error) {
    // The problem is why it can't be read.
    if (problems.length > 0) return { ...nothing, problems }
    throw error
  }
}

async function readUpgrade(db: Database, path: string | undefined, clock: Clock) {
  const { checks, unhurried, dialect } = db
  const names = await pendingMigrations(checks, dialect)
  const chosen = names.flatMap((name) => {
    const migration = migrations[name]
    return migration === undefined ? [] : [{ name, ...migration }]
  })
  const rows = new Map<string, number>()
  const exists = await dialect.hasMigrations(checks)
  for (const { table } of exists ? chosen.flatMap(({ work }) => work) : []) {
    if (rows.has(table) || !(await dialect.hasTable(unhurried, table))) continue
    const counted = await sql<{ rows: number }>`select count(*) as rows from ${sql.table(table)}`.execute(unhurried)
    rows.set(table, Number(counted.rows[0]?.rows ?? 0))
  }
  let needed = 0
  for (const { table, copies } of chosen.flatMap(({ work }) => work))
    if (copies && rows.has(table)) needed += COPIES * (await dialect.bytesOf(unhurried, table))
  const hasNodes = exists && (await dialect.hasTable(unhurried, 'node'))
  const nodes = hasNodes ? await listNodes(new SqlNodeStore(db), clock.now(), '') : undefined
  return {
    exists,
    due: chosen.map((migration) => toDue(migration, rows, path === undefined ? 'postgres' : 'sqlite')),
    canOlderStart: canOlderStart(names),
    room: { needed, free: path === undefined ? undefined : freeBytes(path) },
    servers: nodes?.filter(({ status }) => status !== 'stale'),
  }
}

function toDue(
  { name, does, olderServers, work }: Migration & { readonly name: string },
  counts: ReadonlyMap<string, number>,
  product: 'sqlite' | 'postgres',
): DueMigration {
  const known = work.filter(({ table }) => counts.has(table))
  const seconds = known.reduce((sum, { table, perRow }) => sum + (counts.get(table) ?? 0) * perRow[product], 0) / 1e6
  return {
    name,
    does,
    olderServers,
    rows: new Map(known.map(({ table }) => [table, counts.get(table) ?? 0])),
    seconds: { from: seconds / UNCERTAINTY, to: seconds * UNCERTAINTY },
  }
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(resolve(path)))
  return bavail * bsize
}
