import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { createNewPrivateFile } from '../../platform/private-files.ts'
import { UserError } from '../../platform/user-error.ts'
import { sqliteFault } from './problems.ts'

/** The contents of a database file. */
export interface Contents {
  /** The migrations that ran on it, in their order. */
  readonly migrations: readonly string[]
  readonly clients: number
  /** The ids of the master keys under which something in it is encrypted. */
  readonly masterKeyIds: readonly string[]
}

/**
 * Copies the state of a database at one moment to a new file that only its owner can read. Servers may write meanwhile, since a
 * reader blocks nobody (https://sqlite.org/wal.html). Unlike a copy of the pages, the copy contains no deleted data
 * (https://sqlite.org/lang_vacuum.html).
 * @throws UserError if there is no such database, or no room; then there is no copy
 */
export function copyDatabase(from: string, to: string): void {
  // Create the file first, as SQLite would give it the mode of the umask. VACUUM INTO accepts an empty file.
  createNewPrivateFile(to)
  try {
    withFile(from, (database) => {
      // The copy can give free pages back, even if an earlier version created the database without this setting.
      if (database.prepare('pragma auto_vacuum').get()?.['auto_vacuum'] === 0)
        database.exec('pragma auto_vacuum = incremental')
      database.prepare('vacuum into ?').run(to)
    })
    // VACUUM INTO does not sync the file itself.
    syncFile(to)
  } catch (error) {
    rmSync(to, { force: true })
    throw error
  }
}

/**
 * Reads every page of a database file, and returns its contents.
 * @throws UserError if it is damaged, or not a database of this program
 */
export function checkDatabase(path: string): Contents {
  return withFile(path, (database) => {
    const rows = (sql: string, ...values: SQLInputValue[]) => database.prepare(sql).all(...values)
    const texts = (sql: string) => rows(sql).map((row) => String(Object.values(row)[0]))
    const found = texts('pragma integrity_check(1)').filter((line) => line !== 'ok')
    const orphans = rows('pragma foreign_key_check').map(({ table }) => `${table} refers to a row that does not exist`)
    const [damage] = [...found, ...orphans]
    if (damage !== undefined) throw new UserError(`${path} is damaged: ${damage}`)
    const tables = texts("select name from sqlite_master where type = 'table'")
    if (!['migration', 'client', 'key'].every((name) => tables.includes(name)))
      throw new UserError(`${path} is not a database of Tessera`)
    return {
      migrations: texts('select name from migration order by name'),
      clients: Number(texts('select count(*) from client')[0]),
      masterKeyIds: texts(
        tables.includes('credential')
          ? 'select master_key_id from key union select master_key_id from credential where master_key_id is not null'
          : 'select distinct master_key_id from key',
      ),
    }
  })
}

/** Flushes a file to the disk, or a folder if the system can. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function withFile<Result>(path: string, work: (database: DatabaseSync) => Result): Result {
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 })
    try {
      return work(database)
    } finally {
      database.close()
    }
  } catch (error) {
    const fault = sqliteFault(error, path)
    throw fault === undefined ? error : new UserError(`${path} can't be used: ${fault}`, { cause: error })
  }
}
