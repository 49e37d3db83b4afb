import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { UserError } from '../platform/user-error.ts'
import type { Dialect } from './dialect.ts'
import { first } from './migrations/0001-first.ts'
import { tokens } from './migrations/0002-tokens.ts'
import { auditByTime } from './migrations/0003-audit-by-time.ts'
import type { Schema } from './schema.ts'

/** Every migration, by name; the names sort in the order of running, and one that was released never changes. */
const migrations: Readonly<Record<string, { up(db: Kysely<unknown>, dialect: Dialect): Promise<void> }>> = {
  '0001-first': first,
  '0002-tokens': tokens,
  '0003-audit-by-time': auditByTime,
}

/** The database was written by a later version of the program, which alone knows what is in it. */
class DatabaseTooNew extends UserError {}

/**
 * Brings the database to what this program expects, each migration in a transaction of its own. Of processes that start
 * at once, one runs each migration and the others find it done.
 * @throws DatabaseTooNew having changed nothing
 */
export async function migrate(db: Kysely<Schema>, dialect: Dialect): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => bind(dialect) },
    migrationTableName: 'migration',
    migrationLockTableName: 'migration_lock',
  })
  await refuseNewer(db)
  for (;;) {
    const { error, results } = await migrator.migrateUp()
    if (error !== undefined) throw error
    if (results === undefined || results.length === 0) return
  }
}

const bind = (dialect: Dialect): Record<string, Migration> =>
  Object.fromEntries(
    Object.entries(migrations).map(([name, { up }]) => [name, { up: (db: Kysely<unknown>) => up(db, dialect) }]),
  )

async function refuseNewer(db: Kysely<Schema>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'migration')) return
  const ran = await db.withTables<{ migration: { name: string } }>().selectFrom('migration').select('name').execute()
  const unknown = ran.map(({ name }) => name).filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length > 0) {
    throw new DatabaseTooNew(`the database is newer than this program: it has had ${unknown.join(', ')}`)
  }
}
