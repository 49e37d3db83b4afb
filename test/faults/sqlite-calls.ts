/** SQLite made to fail where it is called, and to be full. May import nothing. */

import { DatabaseSync, StatementSync } from 'node:sqlite'

/** https://sqlite.org/rescode.html */
const SQLITE_IOERR = 10
/** As many as SQLite itself allows, or nearly. */
const MOST_PAGES = 2 ** 30

/** What becomes of a call: nothing is done, or it is done and nobody can tell. */
export type Failure = 'before' | 'after'

/** Every SQLite database that this process opens from then on. */
export interface SqliteCalls {
  /** Has calls fail, counted from 1: the n-th from now, and so many after it. */
  fail(nth: number, how: Failure, times?: number): void
  /** Ends that. @returns whether any failed */
  heal(): boolean
  /** Allows no database to grow. */
  fill(): void
  /** Undoes `fill`. */
  free(): void
  /** Has SQLite as it was. */
  restore(): void
}

/** Takes over the calls of SQLite. Whoever does restores them. */
export function takeOverSqlite(): SqliteCalls {
  const databases = new Set<DatabaseSync>()
  const plain = {
    exec: DatabaseSync.prototype.exec,
    run: StatementSync.prototype.run,
    all: StatementSync.prototype.all,
  }
  let isFull = false
  let made = 0
  let failing = { first: Number.POSITIVE_INFINITY, last: 0, how: 'before' as Failure }

  function attempt<Result>(call: () => Result): Result {
    made += 1
    const fails = made >= failing.first && made <= failing.last
    if (fails && failing.how === 'before') throw ioError()
    const result = call()
    if (fails) throw ioError()
    return result
  }

  DatabaseSync.prototype.exec = function (sql) {
    // What a connection begins with.
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
    fail: (nth, how, times = 1) => {
      made = 0
      failing = { first: nth, last: nth + times - 1, how }
    },
    heal: () => {
      const came = made >= failing.first
      failing = { first: Number.POSITIVE_INFINITY, last: 0, how: 'before' }
      return came
    },
    fill: () => limitAll(true),
    free: () => limitAll(false),
    restore: () => {
      DatabaseSync.prototype.exec = plain.exec
      StatementSync.prototype.run = plain.run
      StatementSync.prototype.all = plain.all
    },
  }
}

const ioError = () => Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: SQLITE_IOERR })
