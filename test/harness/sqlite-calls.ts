/** Makes calls of SQLite fail, and fills the database. */

import { DatabaseSync, StatementSync } from 'node:sqlite'
import { Breaker } from './breaker.ts'

/** https://sqlite.org/rescode.html */
const SQLITE_IOERR = 10
/** About the largest number of pages that SQLite allows. */
const MOST_PAGES = 2 ** 30

/** Controls every SQLite database that this process opens after `takeOverSqlite`. */
export interface SqliteCalls {
  /** Decides which calls fail. */
  readonly breaker: Breaker
  /** Stops every database from growing. */
  fill(): void
  /** Undoes `fill`. */
  free(): void
  /** Makes every open database read-only, as a disk that was remounted after errors, or writable again. */
  setReadOnly(isReadOnly: boolean): void
  /** Puts SQLite's own functions back. */
  restore(): void
}

/** Takes over the calls of SQLite. The caller restores them. */
export function takeOverSqlite(): SqliteCalls {
  const databases = new Set<DatabaseSync>()
  const plain = {
    exec: DatabaseSync.prototype.exec,
    run: StatementSync.prototype.run,
    all: StatementSync.prototype.all,
  }
  let isFull = false
  const breaker = new Breaker()

  function attempt<Result>(call: () => Result): Result {
    const failure = breaker.next()
    if (failure === 'before') throw ioError()
    const result = call()
    if (failure === 'after') throw ioError()
    return result
  }

  DatabaseSync.prototype.exec = function (sql) {
    // A new connection begins with pragmas.
    if (sql.startsWith('pragma')) {
      databases.add(this)
      if (isFull) limit(this)
    }
    return attempt(() => plain.exec.call(this, sql))
  }
  for (const name of ['run', 'all'] as const) {
    const call: (this: StatementSync, ...values: never[]) => unknown = plain[name]
    const attempted = function (this: StatementSync, ...values: never[]): unknown {
      return attempt(() => call.apply(this, values))
    }
    Object.assign(StatementSync.prototype, { [name]: attempted })
  }
  function limit(database: DatabaseSync): void {
    const pages = isFull ? database.prepare('pragma page_count').get()?.['page_count'] : MOST_PAGES
    plain.exec.call(database, `pragma max_page_count = ${pages}`)
  }
  function limitAll(toWhatThereIs: boolean): void {
    isFull = toWhatThereIs
    for (const database of databases) if (database.isOpen) limit(database)
  }
  return {
    breaker,
    fill: () => limitAll(true),
    free: () => limitAll(false),
    setReadOnly: (isReadOnly) => {
      for (const database of databases)
        if (database.isOpen) plain.exec.call(database, `pragma query_only = ${isReadOnly}`)
    },
    restore: () => {
      DatabaseSync.prototype.exec = plain.exec
      StatementSync.prototype.run = plain.run
      StatementSync.prototype.all = plain.all
    },
  }
}

const ioError = () => Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: SQLITE_IOERR })
