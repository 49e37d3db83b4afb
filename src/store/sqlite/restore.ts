import { existsSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../platform/clock.ts'
import { makeFolder } from '../../platform/files.ts'
import { UserError } from '../../platform/user-error.ts'
import { type Contents, checkDatabase, copyDatabase, isSqliteError, syncFile } from './copy-file.ts'
import { takeDatabase } from './exclusive.ts'
import { filesOf, makeDatabasePrivate } from './files.ts'

interface RestoreOptions {
  /** The path of a backup. */
  readonly from: string
  /** Where the database is to be. */
  readonly to: string
  /** Whether a database with data may be there, and is moved aside. */
  readonly replace: boolean
  readonly clock: Clock
  /** Opens the copy that is to become the database, as a server would; what it throws ends the restoring, with nothing changed. */
  readonly inspect: (path: string) => Promise<void>
}

/** What came of it. */
export interface Restored extends Contents {
  /** Where the database is that was there before, if there was one with data. */
  readonly before: string | undefined
}

/**
 * Puts a backup in the place of the database. All that can go wrong goes wrong beforehand: what was there stays until a copy
 * stands beside it that was checked and opened.
 * @throws UserError where the backup is damaged, the database in use, or data would be replaced that may not be
 */
export async function restoreSqlite({ from, to, replace, clock, inspect }: RestoreOptions): Promise<Restored> {
  if (!existsSync(from)) throw new UserError(`${from}: there is no such file`)
  const contents = checkDatabase(from)
  makeFolder(dirname(to))
  // The replaced database is kept, and is as secret as its replacement.
  makeDatabasePrivate(to)
  takeFor(to, replace, () => {})
  const copy = `${to}.${process.pid}.restored`
  try {
    copyDatabase(from, copy)
    await inspect(copy)
    syncFile(copy)
    const aside = `${to}.replaced-${new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
    const hadData = takeFor(to, replace, (hasData, settle) => {
      settle()
      for (const file of filesOf(to)) move(file, hasData ? aside + file.slice(to.length) : undefined)
      renameSync(copy, to)
      syncFile(dirname(to))
    })
    return { ...contents, before: hadData ? aside : undefined }
  } finally {
    for (const file of filesOf(copy)) rmSync(file, { force: true })
  }
}

/** Of a log without its database, as of any other file, nothing may stay: SQLite would take it for that of the new one. */
function move(path: string, aside: string | undefined): void {
  if (!existsSync(path)) return
  if (aside === undefined) rmSync(path)
  else renameSync(path, aside)
}

/**
 * Does some work while nobody else has the database open.
 * @param work told whether there is data in it, and given what rids it of its log
 * @returns whether there is
 */
function takeFor(path: string, replace: boolean, work: (hasData: boolean, settle: () => void) => void): boolean {
  if (!existsSync(path)) {
    work(existsSync(`${path}-wal`), () => {})
    return false
  }
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    const hasData = lock(database, path)
    if (hasData && !replace) {
      throw new UserError(`${path} has data: restore to another place, or give --replace, which keeps it beside`)
    }
    work(hasData, () => settle(database))
    return hasData
  } finally {
    database.close()
  }
}

/** @returns whether there is data in it, as in one that can't be read there may be @throws UserError where it is open */
function lock(database: DatabaseSync, path: string): boolean {
  try {
    takeDatabase(database, path)
    return holdsData(database)
  } catch (error) {
    if (isSqliteError(error)) return true
    throw error
  }
}

/**
 * Writes what is in the log into the file. With no log, nothing is left to be removed by name when this connection closes,
 * by when a server may have one by that name for the database that is here then.
 */
function settle(database: DatabaseSync): void {
  try {
    database.exec('pragma journal_mode = delete')
  } catch (error) {
    // Its log is moved aside with it.
    if (!isSqliteError(error)) throw error
  }
}

/** A server that has run once has left keys, with which tokens may be signed. */
const TABLES = ['client', 'api', 'audit_event', 'key']

function holdsData(database: DatabaseSync): boolean {
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
  if (tables.length === 0) return false
  const known = TABLES.filter((name) => tables.some((table) => table['name'] === name))
  // Somebody else's.
  if (known.length === 0) return true
  return known.some((name) => database.prepare(`select 1 from "${name}" limit 1`).get() !== undefined)
}
