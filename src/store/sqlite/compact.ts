import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { UserError } from '../../platform/user-error.ts'
import { takeDatabase } from './exclusive.ts'
import { makeDatabasePrivate } from './files.ts'
import { sqliteFault } from './problems.ts'

/** The size of a database file, in bytes. */
export interface Compacted {
  readonly before: number
  readonly after: number
}

/**
 * Rewrites a database without its free pages (https://sqlite.org/lang_vacuum.html). From then on the server can give free pages
 * back. The rewriting needs room for a second copy.
 * @throws UserError if the database is in use or damaged, or if there is no room; the database is unchanged
 */
export function compactSqlite(path: string): Compacted {
  makeDatabasePrivate(path)
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    takeDatabase(database, path)
    database.exec('pragma wal_checkpoint(TRUNCATE)')
    const { size: before } = statSync(path)
    database.exec('pragma auto_vacuum = incremental; vacuum; pragma wal_checkpoint(TRUNCATE)')
    return { before, after: statSync(path).size }
  } catch (error) {
    const fault = sqliteFault(error, path)
    throw fault === undefined ? error : new UserError(`${path} can't be used: ${fault}`, { cause: error })
  } finally {
    database.close()
  }
}
