import { setTimeout as sleep } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Clock } from '../../platform/clock.ts'
import { UserError } from '../../platform/user-error.ts'
import { version } from '../../platform/version.ts'
import type { Dialect } from '../sql/dialect.ts'
import type { Schema } from '../sql/schema.ts'
import { first } from './0001-first.ts'
import { tokens } from './0002-tokens.ts'
import { auditByTime } from './0003-audit-by-time.ts'
import { credentials } from './0004-credentials.ts'
import { counters } from './0005-counters.ts'
import { clientGrants } from './0006-client-grants.ts'
import { bounds } from './0007-bounds.ts'
import { endedAndSample } from './0008-ended-and-sample.ts'
import { masterKey } from './0009-master-key.ts'
import { actors } from './0010-actors.ts'
import { tenants } from './0011-tenants.ts'
import { auditChains } from './0012-audit-chains.ts'
import { auditIndex } from './0013-audit-index.ts'
import { usage } from './0014-usage.ts'
import { fleet } from './0015-fleet.ts'
import { administrators } from './0016-administrators.ts'
import { idempotency } from './0017-idempotency.ts'
import { manifests } from './0018-manifests.ts'
import { nodes } from './0019-nodes.ts'
import { subjects } from './0020-subjects.ts'
import type { Migration } from './migration.ts'

/** Every migration, by name. The names sort in the order of running. A released migration never changes. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-first': first,
  '0002-tokens': tokens,
  '0003-audit-by-time': auditByTime,
  '0004-credentials': credentials,
  '0005-counters': counters,
  '0006-client-grants': clientGrants,
  '0007-bounds': bounds,
  '0008-ended-and-sample': endedAndSample,
  '0009-master-key': masterKey,
  '0010-actors': actors,
  '0011-tenants': tenants,
  '0016-administrators': administrators,
  '0012-audit-chains': auditChains,
  '0013-audit-index': auditIndex,
  '0014-usage': usage,
  '0015-fleet': fleet,
  '0017-idempotency': idempotency,
  '0018-manifests': manifests,
  '0019-nodes': nodes,
  '0020-subjects': subjects,
}

/** The last migration of the versions that refuse to start after any migration that they do not know. */
const LAST_OF_STRICT = '0019-nodes'

/** How long a migration goes on trying to get the locks that it needs. */
const LOCKED_MS = 10 * 60_000
const BETWEEN_ATTEMPTS_MS = 1_000

interface Ran {
  readonly name: string
  readonly timestamp: string
  /** The version of the program that ran it. Early versions did not add this column and the next. */
  readonly version?: string | null | undefined
  /** 1 if servers that do not know it work unchanged. */
  readonly additive?: number | null | undefined
}

type MigrationTable = { migration: Ran }

/** Thrown for a database that a later version of the program has changed in a way that this version does not know. */
class DatabaseTooNew extends UserError {}

/**
 * Runs the due migrations, each in its own transaction. If several processes start at once, one of them runs each migration and the
 * others wait. If none is due, the database is only read.
 * @returns the names of the migrations that this process ran
 * @throws DatabaseTooNew if a later version migrated the database; nothing is changed
 */
export async function migrate(db: Kysely<Schema>, dialect: Dialect, clock: Clock): Promise<readonly string[]> {
  const due = await pendingMigrations(db, dialect)
  if (due.length === 0) return []
  await ensureTable(db, dialect)
  const ran: string[] = []
  for (const name of due) if (await runPatiently(db, dialect, clock, name)) ran.push(name)
  return ran
}

/**
 * The names of the due migrations, in their order. A migration of a later version does not count if servers that do not know it work
 * unchanged.
 * @throws DatabaseTooNew
 */
export async function pendingMigrations(db: Kysely<Schema>, dialect: Dialect): Promise<readonly string[]> {
  const ran = await listRan(db, dialect)
  const unknown = ran.filter(({ name, additive }) => !Object.hasOwn(migrations, name) && additive !== 1)
  if (unknown.length > 0) {
    const names = unknown.map(({ name }) => name).join(', ')
    const makers = [...new Set(unknown.flatMap((one) => one.version ?? []))]
    const remedy = makers.length === 0 ? '' : `, by version ${makers.join(', ')}: use that version or a later one`
    throw new DatabaseTooNew(`the database is newer than this program: it has had ${names}${remedy}`)
  }
  const done = ran.map(({ name }) => name)
  return Object.keys(migrations).filter((name) => !done.includes(name))
}

/** Whether a server that does not know these migrations can start after them. Early versions refuse every unknown one. */
export const canOlderStart = (names: readonly string[]): boolean =>
  names.every((name) => name > LAST_OF_STRICT && migrations[name]?.olderServers === 'work')

async function listRan(db: Kysely<Schema>, dialect: Dialect): Promise<readonly Ran[]> {
  if (!(await dialect.hasMigrations(db))) return []
  return db.withTables<MigrationTable>().selectFrom('migration').selectAll().orderBy('name').execute()
}

/** Two processes may race to create or extend the table. The loser gets an error although the table is then right, which is fine. */
async function ensureTable(db: Kysely<Schema>, dialect: Dialect): Promise<void> {
  try {
    await db.schema
      .createTable('migration')
      .ifNotExists()
      .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
      .addColumn('timestamp', 'varchar(255)', (column) => column.notNull())
      .addColumn('version', 'text')
      .addColumn('additive', 'integer')
      .execute()
    if (!(await hasVersions(db))) await addVersions(db)
  } catch (error) {
    if (!(await dialect.hasTable(db, 'migration')) || !(await hasVersions(db))) throw error
  }
}

/** Whether the table says which version ran a migration. It has no row only if this version has just created it. */
async function hasVersions(db: Kysely<Schema>): Promise<boolean> {
  const row = await db.withTables<MigrationTable>().selectFrom('migration').selectAll().limit(1).executeTakeFirst()
  return row === undefined || 'version' in row
}

/** No migration may do this: it would lock the table in which others wait for its row. */
const addVersions = (db: Kysely<Schema>): Promise<void> =>
  db.transaction().execute(async ({ schema }) => {
    await schema.alterTable('migration').addColumn('version', 'text').execute()
    await schema.alterTable('migration').addColumn('additive', 'integer').execute()
  })

/**
 * Runs one migration, again and again while others hold locks that it needs. Between two attempts, everybody who queued behind it has
 * a turn.
 */
async function runPatiently(db: Kysely<Schema>, dialect: Dialect, clock: Clock, name: string): Promise<boolean> {
  const end = clock.monotonic() + LOCKED_MS
  for (;;) {
    try {
      return await run(db, dialect, clock, name)
    } catch (error) {
      if (!dialect.lacksLock(error)) throw error
      if (clock.monotonic() > end) throw new UserError(stillLocked(name), { cause: error })
      await sleep(BETWEEN_ATTEMPTS_MS)
    }
  }
}

const stillLocked = (name: string): string =>
  `the migration ${name} has waited for ${LOCKED_MS / 60_000} minutes, since another transaction holds a lock on a table: end it, for example a backup (pg_stat_activity lists it), and start again; nothing was changed`

/**
 * Runs one migration. It adds the row that records the migration first. Another process that adds the same row waits for the end of
 * this transaction. It then finds the row, or runs the migration itself if this one failed. So no special lock is needed.
 * @returns whether this process ran it
 */
const run = (db: Kysely<Schema>, dialect: Dialect, clock: Clock, name: string): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    const migration = migrations[name]
    const additive = migration?.olderServers === 'work' ? 1 : 0
    const row = await trx
      .withTables<MigrationTable>()
      .insertInto('migration')
      .values({ name, timestamp: new Date(clock.now()).toISOString(), version, additive })
      .onConflict((conflict) => conflict.doNothing())
      .returning('name')
      .executeTakeFirst()
    if (row === undefined) return false
    await dialect.limitLockWaits(trx)
    await migration?.up(trx, dialect)
    return true
  })
