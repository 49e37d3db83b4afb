import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { UserError } from '../../platform/user-error.ts'

/** What is in a database file. */
export interface Contents {
  /** The migrations it has had, in their order. */
  readonly migrations: readonly string[]
  readonly clients: number
  /** Of the master keys that something in it is encrypted under. */
  readonly masterKeyIds: readonly string[]
}

/**
 * Copies the database at `from`, as it is at one moment, to a new file that only its owner can read. Servers may write
 * meanwhile: a reader holds up nobody (https://sqlite.org/wal.html). The copy has nothing of what was deleted, which a copy
 * page by page would (https://sqlite.org/lang_vacuum.html).
 * @throws UserError where there is no such database, or no room; then there is no copy either
 */
export function copyDatabase(from: string, to: string): void {
  // Before SQLite would make it, with whatever mode: VACUUM INTO takes a file that is empty.
  closeSync(openSync(to, 'wx', 0o600))
  try {
    withFile(from, (database) => {
      // The copy can give room back, even if an earlier version made the database so that it can't.
      if (database.prepare('pragma auto_vacuum').get()?.['auto_vacuum'] === 0)
        database.exec('pragma auto_vacuum = incremental')
      database.prepare('vacuum into ?').run(to)
    })
    // VACUUM INTO leaves it to us.
    syncFile(to)
  } catch (error) {
    rmSync(to, { force: true })
    throw error
  }
}

/**
 * Reads every page of a database file, and what is in it.
 * @throws UserError where it is damaged, or no database of this program
 */
export function checkDatabase(path: string): Contents {
  return withFile(path, (database) => {
    const rows = (sql: string, ...values: SQLInputValue[]) => database.prepare(sql).all(...values)
    const texts = (sql: string) => rows(sql).map((row) => String(Object.values(row)[0]))
    const found = texts('pragma integrity_check(1)').filter((line) => line !== 'ok')
    const orphans = rows('pragma foreign_key_check').map(({ table }) => `${table} refers to what is not there`)
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

/** Has the disk keep what was written to a file or, where the system can, a folder. */
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
    throw isSqliteError(error) ? new UserError(`${path}: ${error.message}`) : error
  }
}

/** What SQLite itself says, with its result code (https://sqlite.org/rescode.html). */
export const isSqliteError = (error: unknown): error is Error & { readonly errcode: number } =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
