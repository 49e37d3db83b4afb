import { existsSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../platform/clock.ts'
import { isAbsent, makeFolder } from '../../platform/files.ts'
import { NotAllowed, UserError } from '../../platform/user-error.ts'
import { type Contents, checkDatabase, copyDatabase, syncFile } from './copy-file.ts'
import { takeDatabase } from './exclusive.ts'
import { filesOf, makeDatabasePrivate } from './files.ts'
import { resultCode } from './problems.ts'

interface RestoreOptions {
  /** The path of a backup. */
  readonly from: string
  /** The path of the database to restore. */
  readonly to: string
  /** Whether an existing database with data may be moved aside. */
  readonly replace: boolean
  readonly clock: Clock
  /** Opens the copy like a server, before it becomes the database. If it throws, nothing is changed. */
  readonly inspect: (path: string) => Promise<void>
}

/** The result of a restore. */
export interface Restored extends Contents {
  /** The new path of the replaced database, if it had data. */
  readonly before: string | undefined
}

/**
 * Replaces the database with a backup. A copy of the backup is first checked and opened beside the existing database, so that
 * failures come before any change.
 * @throws UserError if the backup is damaged, the database is in use, or it has data and `replace` is not set
 */
export async function restoreSqlite({ from, to, replace, clock, inspect }: RestoreOptions): Promise<Restored> {
  if (isAbsent(from)) throw new UserError(`${from}: there is no such file`)
  const contents = checkDatabase(from)
  makeFolder(dirname(to))
  // The replaced database is kept. It is as secret as its replacement.
  makeDatabasePrivate(to)
  withExclusiveAccess(to, replace, () => {})
  const copy = `${to}.${process.pid}.restored`
  try {
    copyDatabase(from, copy)
    await inspect(copy)
    syncFile(copy)
    const aside = `${to}.replaced-${new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
    const hadData = withExclusiveAccess(to, replace, (hasData, removeLog) => {
      removeLog()
      for (const file of filesOf(to)) move(file, hasData ? aside + file.slice(to.length) : undefined)
      renameSync(copy, to)
      syncFile(dirname(to))
    })
    return { ...contents, before: hadData ? aside : undefined }
  } finally {
    for (const file of filesOf(copy)) rmSync(file, { force: true })
  }
}

/** Moves a file aside or removes it. Even a log without its database must go, since SQLite would apply it to the new database. */
function move(path: string, aside: string | undefined): void {
  if (!existsSync(path)) return
  if (aside === undefined) rmSync(path)
  else renameSync(path, aside)
}

/**
 * Runs `work` while no other connection has the database open.
 * @param work gets whether the database has data, and a function that removes its write-ahead log
 * @returns whether the database has data
 */
function withExclusiveAccess(
  path: string,
  replace: boolean,
  work: (hasData: boolean, removeLog: () => void) => void,
): boolean {
  if (!existsSync(path)) {
    work(existsSync(`${path}-wal`), () => {})
    return false
  }
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    const hasData = lock(database, path)
    if (hasData && !replace) {
      throw new NotAllowed(
        `${path} has data: restore to another path, or give --replace, which keeps the old database beside it`,
      )
    }
    work(hasData, () => removeLog(database))
    return hasData
  } finally {
    database.close()
  }
}

/** Locks the database. @returns whether it has data; true if it can't be read @throws UserError if it is open elsewhere */
function lock(database: DatabaseSync, path: string): boolean {
  try {
    takeDatabase(database, path)
    return holdsData(database)
  } catch (error) {
    if (resultCode(error) !== undefined) return true
    throw error
  }
}

/**
 * Checkpoints and leaves WAL mode, so that closing this connection deletes no `-wal` file. By then a server may have opened the
 * new database and own a file of that name.
 */
function removeLog(database: DatabaseSync): void {
  try {
    database.exec('pragma journal_mode = delete')
  } catch (error) {
    // The log of an unreadable database is moved aside with it.
    if (resultCode(error) === undefined) throw error
  }
}

/** A database with a row in one of these tables has data. Even a server that only started has left keys. */
const TABLES = ['client', 'api', 'audit_event', 'key']

function holdsData(database: DatabaseSync): boolean {
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
  if (tables.length === 0) return false
  const known = TABLES.filter((name) => tables.some((table) => table['name'] === name))
  // The database belongs to another program.
  if (known.length === 0) return true
  return known.some((name) => database.prepare(`select 1 from "${name}" limit 1`).get() !== undefined)
}
