import type { DatabaseSync } from 'node:sqlite'
import { Conflict } from '../../platform/user-error.ts'
import { resultCode, SQLITE_BUSY } from './problems.ts'

/**
 * Prevents all other connections from opening a database until this connection is closed.
 * @param database a connection with a timeout of 0
 * @throws UserError if any other connection has the database open
 */
export function takeDatabase(database: DatabaseSync, path: string): void {
  try {
    // In this mode the first access locks the file until it is closed. The access fails while another connection has the file open
    // (https://sqlite.org/pragma.html#pragma_locking_mode).
    database.exec('pragma locking_mode = exclusive; begin exclusive; commit')
  } catch (error) {
    if (resultCode(error) !== SQLITE_BUSY) throw error
    throw new Conflict(`${path} is in use: stop every server and command on it first`)
  }
}
