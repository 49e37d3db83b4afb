import { existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { UserError } from '../../platform/user-error.ts'
import { isSqliteError } from './copy-file.ts'
import { takeDatabase } from './exclusive.ts'
import { makeDatabasePrivate } from './files.ts'

/** The size of a database file, in bytes. */
export interface Compacted {
  readonly before: number
  readonly after: number
}

/**
 * Writes a database anew without its free pages (https://sqlite.org/lang_vacuum.html). From then on it gives room back by
 * itself. Meanwhile it needs as much room again.
 * @throws UserError where the database is missing, in use or damaged, or there is no room; it is left as it was
 */
export function compactSqlite(path: string): Compacted {
  if (!existsSync(path)) throw new UserError(`${path}: there is no such database`)
  makeDatabasePrivate(path)
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    takeDatabase(database, path)
    database.exec('pragma wal_checkpoint(TRUNCATE)')
    const { size: before } = statSync(path)
    database.exec('pragma auto_vacuum = incremental; vacuum; pragma wal_checkpoint(TRUNCATE)')
    return { before, after: statSync(path).size }
  } catch (error) {
    throw isSqliteError(error) ? new UserError(`${path}: ${error.message}`) : error
  } finally {
    database.close()
  }
}
