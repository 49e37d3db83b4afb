import { existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../../platform/user-error.ts'
import { type Contents, checkDatabase, copyDatabase, syncFile } from './copy-file.ts'
import { makeDatabasePrivate } from './files.ts'

/** A copy that was read again, every page of it. */
export interface Backup extends Contents {
  readonly bytes: number
}

/**
 * Backs up the SQLite database at `from` to a file that is new: whole, or not there at all.
 * @throws UserError where the file is there already, or the copy is not sound
 */
export function backUpSqlite(from: string, to: string): Backup {
  if (existsSync(to)) throw new UserError(`${to} is there already: a backup replaces nothing`)
  if (!existsSync(from)) throw new UserError(`${from}: there is no such database`)
  // To read it, SQLite may make files beside it, with its mode.
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
    throw isSystemError(error) ? new UserError(`${to} can't be written: ${error.message}`) : error
  } finally {
    rmSync(unfinished, { force: true })
  }
}

/** A link, unlike a rename, fails where another backup of that name has come first. */
function publish(unfinished: string, to: string): void {
  try {
    linkSync(unfinished, to)
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST')
      throw new UserError(`${to} is there already: a backup replaces nothing`)
    // Not every file system has links.
    renameSync(unfinished, to)
  }
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'syscall' in error
