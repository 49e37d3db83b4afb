import type { Kysely } from 'kysely'
import type { Clock } from '../../platform/clock.ts'
import { UserError } from '../../platform/user-error.ts'
import type { Dialect, MigratedDatabase } from '../sql/dialect.ts'
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

/** Every migration, by name. The names sort in the order of running. A released migration never changes. */
const migrations: Readonly<Record<string, { up(db: MigratedDatabase, dialect: Dialect): Promise<void> }>> = {
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
}

type MigrationTable = { migration: { name: string; timestamp: string } }

/** Thrown for a database that a later version of the program migrated, since this version does not know its contents. */
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
  for (const name of due) if (await run(db, dialect, clock, name)) ran.push(name)
  return ran
}

/** The names of the due migrations, in their order. @throws DatabaseTooNew */
export async function pendingMigrations(db: Kysely<Schema>, dialect: Dialect): Promise<readonly string[]> {
  const ran = await listRan(db, dialect)
  const unknown = ran.filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length > 0) {
    throw new DatabaseTooNew(`the database is newer than this program: it has had ${unknown.join(', ')}`)
  }
  return Object.keys(migrations).filter((name) => !ran.includes(name))
}

async function listRan(db: Kysely<Schema>, dialect: Dialect): Promise<readonly string[]> {
  if (!(await dialect.hasTable(db, 'migration'))) return []
  const rows = await db.withTables<MigrationTable>().selectFrom('migration').select('name').orderBy('name').execute()
  return rows.map(({ name }) => name)
}

/** Two processes may race to create the table. The loser gets an error although the table then exists, which is fine. */
async function ensureTable(db: Kysely<Schema>, dialect: Dialect): Promise<void> {
  try {
    await db.schema
      .createTable('migration')
      .ifNotExists()
      .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
      .addColumn('timestamp', 'varchar(255)', (column) => column.notNull())
      .execute()
  } catch (error) {
    if (!(await dialect.hasTable(db, 'migration'))) throw error
  }
}

/**
 * Runs one migration. It adds the row that records the migration first. Another process that adds the same row waits for the end of
 * this transaction. It then finds the row, or runs the migration itself if this one failed. So no special lock is needed.
 * @returns whether this process ran it
 */
const run = (db: Kysely<Schema>, dialect: Dialect, clock: Clock, name: string): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    const row = await trx
      .withTables<MigrationTable>()
      .insertInto('migration')
      .values({ name, timestamp: new Date(clock.now()).toISOString() })
      .onConflict((conflict) => conflict.doNothing())
      .returning('name')
      .executeTakeFirst()
    if (row === undefined) return false
    await migrations[name]?.up(trx, dialect)
    return true
  })
