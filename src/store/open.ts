import { resolve } from 'node:path'
import { SQLITE, shownLocation } from '../input/database-location.ts'
import type { Clock } from '../platform/clock.ts'
import { isAbsent } from '../platform/files.ts'
import { UserError } from '../platform/user-error.ts'
import { migrate, pendingMigrations } from './migrations/migrate.ts'
import { type PostgresAccess, parsePostgresUrl } from './postgres/address.ts'
import { isForbidden } from './postgres/errors.ts'
import type { Database } from './sql/dialect.ts'
import { openSqlite } from './sqlite/open.ts'
import { createStore, findMissingGrants, type Store } from './tables/sql-store.ts'

/**
 * Opens the database at `location`, `sqlite:` and a path or `postgres://…`, and runs the due migrations.
 * @param access password and limits for PostgreSQL; SQLite needs none
 * @throws DatabaseTooNew if a later version migrated it; nothing is changed
 * @throws UserError if the address is invalid, or the role may not run a due migration
 * @throws StorageUnavailable if the database does not answer
 */
export async function openStore(location: string, clock: Clock, access?: PostgresAccess): Promise<Store> {
  return createStore(await openDatabase(location, clock, access), clock)
}

/** Like `openStore`, for callers that work on the tables themselves. */
export async function openDatabase(location: string, clock: Clock, access?: PostgresAccess): Promise<Database> {
  const { db } = await openMigrated(location, clock, access)
  return db
}

/** Runs the due migrations of a database and closes it. Throws as `openStore` does. @returns the migrations that ran */
export async function migrateDatabase(
  location: string,
  clock: Clock,
  access?: PostgresAccess,
): Promise<readonly string[]> {
  const { db, ran } = await openMigrated(location, clock, access)
  await db.close()
  return ran
}

/**
 * Opens a database that exists and is up to date. Commands use this, so that none of them creates or migrates a database by
 * accident.
 * @throws UserError if it does not exist or a migration is due
 * @throws DatabaseTooNew or StorageUnavailable as `openStore` does
 */
export async function openExistingStore(location: string, clock: Clock, access?: PostgresAccess): Promise<Store> {
  return createStore(await openExistingDatabase(location, access), clock)
}

/** Like `openExistingStore`, for callers that work on the tables themselves. */
export async function openExistingDatabase(location: string, access?: PostgresAccess): Promise<Database> {
  requireFile(location)
  const db = await connect(location, access)
  try {
    const due = await pendingMigrations(db.checks, db.dialect)
    if (due.length === 0) return db
    throw new UserError(
      `storage: ${shownLocation(location)} has not had ${due.join(', ')}: run \`tessera storage migrate\`, or start a server of this version`,
    )
  } catch (error) {
    await db.close()
    throw error
  }
}

/** @throws UserError if the location is a file that does not exist */
export function requireFile(location: string): void {
  if (!location.startsWith(SQLITE)) return
  const path = resolve(location.slice(SQLITE.length))
  if (!isAbsent(path)) return
  throw new UserError(
    `storage: there is no such database: ${path}; \`tessera serve\` and \`tessera storage migrate\` create the one in the configuration`,
  )
}

/** Opens a database as it is: it runs no migration, and asks for none. An SQLite file is created if there is none. */
export async function connect(location: string, access: PostgresAccess | undefined): Promise<Database> {
  if (location.startsWith(SQLITE)) return openSqlite(location.slice(SQLITE.length))
  if (access === undefined) throw new TypeError('PostgreSQL needs `access`')
  // A process on SQLite does without the driver.
  const { openPostgres } = await import('./postgres/open.ts')
  return openPostgres(parsePostgresUrl(location, access), access)
}

async function openMigrated(location: string, clock: Clock, access?: PostgresAccess) {
  const db = await connect(location, access)
  try {
    // Migrations have no time limit. So a server that answers nothing must be found out before them.
    const due = await pendingMigrations(db.checks, db.dialect)
    return { db, ran: due.length === 0 ? [] : await migrate(db.unhurried, db.dialect, clock) }
  } catch (error) {
    const mend = isForbidden(error) ? await explainForbidden(db) : undefined
    await db.close()
    throw mend ?? error
  }
}

/** Explains which rights a role lacks. A role that only serves need not have the rights for migrations. */
async function explainForbidden(db: Database): Promise<UserError> {
  const missing = await findMissingGrants(db)
  // If the role lacks a right, the due migrations can't be known.
  if (missing !== undefined) return missing
  const due = await pendingMigrations(db.checks, db.dialect)
  return new UserError(
    `this role may not migrate the database (${due.join(', ')}): run \`tessera storage migrate\` as a role that may create tables, and grant this role the rights in docs/operating/storage.md`,
  )
}
