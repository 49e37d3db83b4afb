import { existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileFault, isSystemError } from '../../platform/system-error.ts'
import { Conflict, UserError } from '../../platform/user-error.ts'
import { type Contents, checkDatabase, copyDatabase, syncFile } from './copy-file.ts'
import { makeDatabasePrivate } from './files.ts'

/** A copy of which every page was read again. */
export interface Backup extends Contents {
  readonly bytes: number
}

/**
 * Backs up the SQLite database at `from` to a new file. If the backup fails, there is no file.
 * @throws UserError if the file exists already, or the copy is damaged
 */
export function backUpSqlite(from: string, to: string): Backup {
  if (existsSync(to)) throw new Conflict(`${to} is there already: a backup replaces nothing`)
  // SQLite may create files beside the database when it reads it. They get the mode of the database.
  makeDatabasePrivate(from)
  const unfinished = `${to}.${process.pid}.new`
  try {
    copyDatabase(from, unfinished)
    const contents = checkDatabase(unfinished)
    const { size: bytes } = statSync(unfinished)
    publish(unfinished, to)
    syncFile(dirname(to))
    return { ...contents, bytes }
  } catch (error) {
    throw isSystemError(error) ? new UserError(`${to} can't be written: ${fileFault(error)}`, { cause: error }) : error
  } finally {
    rmSync(unfinished, { force: true })
  }
}

/** Gives the backup its name by a link. Unlike a rename, a link fails if another backup already has the name. */
function publish(unfinished: string, to: string): void {
  try {
    linkSync(unfinished, to)
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST')
      throw new Conflict(`${to} is there already: a backup replaces nothing`)
    // Some file systems have no links.
    renameSync(unfinished, to)
  }
}
