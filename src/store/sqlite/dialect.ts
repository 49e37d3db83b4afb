import { existsSync, statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type Dialect as KyselyDialect,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { LRUCache } from 'lru-cache'
import { StorageUnavailable } from '../../platform/storage-unavailable.ts'
import { toParameter } from '../sql/parameters.ts'
import { resultCode, SQLITE_BUSY } from './problems.ts'

/** The time that a write waits for the write of another process before it fails. */
const BUSY_TIMEOUT_MS = 10_000
const BUSY_POLL_MS = 5
/** Result codes for a fault of the query, not of the database: ERROR, CONSTRAINT, MISMATCH, MISUSE, RANGE. */
const DEFECTS = [1, 19, 20, 21, 25]

/** About 64 MB. If `checkpoints.ts` has made no checkpoint until then, a commit does. */
const CHECKPOINT_AFTER_PAGES = 16_384

/** The log is cut to this many bytes when it begins anew. Under load it has about this size. One large write makes it longer. */
const LOG_KEPT = 32 * 1024 * 1024

/** `FULL`: every commit waits for the disk. `NORMAL`: commits may be lost in a power cut, but the file stays intact. */
export type Synchronous = 'FULL' | 'NORMAL'
/** `READ` opens the database read-only. */
type Use = Synchronous | 'READ'

/** The Kysely dialect for `node:sqlite`. Statements are prepared once. A wait for another process leaves the event loop free. */
export class NodeSqliteDialect implements KyselyDialect {
  readonly #path: string
  readonly #use: Use

  constructor(path: string, use: Use) {
    this.#path = path
    this.#use = use
  }

  createDriver(): Driver {
    return new NodeSqliteDriver(this.#path, this.#use)
  }

  createAdapter(): SqliteAdapter {
    return new TransactionalAdapter()
  }

  createIntrospector = (db: ConstructorParameters<typeof SqliteIntrospector>[0]): SqliteIntrospector =>
    new SqliteIntrospector(db)

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler()
  }
}

/** Tells Kysely that SQLite runs DDL in transactions, so that migrations do, too (https://sqlite.org/lang_transaction.html). */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/**
 * A driver with one permanent connection, which opens the file itself. Acquiring it must not fail, or Kysely would wait for ever:
 * its `RuntimeDriver` releases its lock only together with a connection.
 */
class NodeSqliteDriver implements Driver {
  readonly #connection: NodeSqliteConnection

  constructor(path: string, use: Use) {
    this.#connection = new NodeSqliteConnection(path, use)
  }

  async init(): Promise<void> {
    await this.#connection.open()
  }

  async acquireConnection(): Promise<NodeSqliteConnection> {
    return this.#connection
  }

  /** Begins with IMMEDIATE, which takes the write lock at once. So a transaction never fails half-way because of another writer. */
  async beginTransaction(connection: NodeSqliteConnection): Promise<void> {
    try {
      await connection.run('begin immediate')
    } catch (error) {
      await this.rollbackTransaction(connection)
      throw error
    }
  }

  commitTransaction(connection: NodeSqliteConnection): Promise<void> {
    return connection.run('commit')
  }

  /** After some failures, such as a full disk, SQLite has already rolled back (https://sqlite.org/lang_transaction.html). */
  async rollbackTransaction(connection: NodeSqliteConnection): Promise<void> {
    if (!connection.isInTransaction) return
    try {
      await connection.run('rollback')
    } catch (error) {
      // The open transaction would block all other writers.
      connection.close()
      throw error
    }
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#connection.close()
  }
}

interface Prepared {
  readonly statement: StatementSync
  /** Whether the statement returns rows. The answer is kept, since asking the statement costs as much as running it. */
  readonly hasRows: boolean
}

/** A connection that opens the file at its first use, and again after it was closed. */
class NodeSqliteConnection implements DatabaseConnection {
  readonly #path: string
  readonly #use: Use
  readonly #pragmas: readonly string[]
  readonly #statements = new LRUCache<string, Prepared>({ max: 200 })
  #database: DatabaseSync | undefined

  constructor(path: string, use: Use) {
    this.#path = path
    this.#use = use
    this.#pragmas =
      use === 'READ'
        ? []
        : [
            'journal_mode = WAL',
            `synchronous = ${use}`,
            `wal_autocheckpoint = ${CHECKPOINT_AFTER_PAGES}`,
            `journal_size_limit = ${LOG_KEPT}`,
          ]
  }

  get isInTransaction(): boolean {
    return this.#database?.isTransaction === true
  }

  async open(): Promise<DatabaseSync> {
    const options = { enableForeignKeyConstraints: true, timeout: 0 }
    const database = await retryWhileBusy(() =>
      this.#use === 'READ'
        ? new DatabaseSync(locationToRead(this.#path), { readOnly: true, timeout: 0 })
        : new DatabaseSync(this.#path, options),
    )
    try {
      // This must come before anything else is written to the file. On a file that is not empty it has no effect.
      const isNew =
        this.#use !== 'READ' &&
        (await retryWhileBusy(() => database.prepare('pragma page_count').get()?.['page_count'] === 0))
      if (isNew) await retryWhileBusy(() => database.exec('pragma auto_vacuum = INCREMENTAL'))
      for (const pragma of this.#pragmas) await retryWhileBusy(() => database.exec(`pragma ${pragma}`))
    } catch (error) {
      database.close()
      throw error
    }
    this.#database = database
    return database
  }

  async run(sql: string): Promise<void> {
    const database = this.#database ?? (await this.open())
    await retryWhileBusy(() => database.exec(sql))
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { statement, hasRows } = this.#prepare(this.#database ?? (await this.open()), sql)
    const values = parameters.map(toParameter)
    if (hasRows) return { rows: await retryWhileBusy(() => statement.all(...values) as Row[]) }
    const { changes, lastInsertRowid } = await retryWhileBusy(() => statement.run(...values))
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  // biome-ignore lint/correctness/useYield: nothing here streams
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('streaming is not supported')
  }

  close(): void {
    this.#database?.close()
    this.#database = undefined
    this.#statements.clear()
  }

  #prepare(database: DatabaseSync, sql: string): Prepared {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    const prepared = { statement, hasRows: statement.columns().length > 0 }
    this.#statements.set(sql, prepared)
    return prepared
  }
}

/**
 * The location for opening a database read-only. Even for a reader, SQLite creates the files of a write-ahead log, unless the
 * database is opened as immutable (https://sqlite.org/wal.html, https://sqlite.org/uri.html). A log with content is read only if
 * its index exists, because a reader would have to create that.
 */
function locationToRead(path: string): string | URL {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })
  if (log !== undefined && log.size > 0 && existsSync(`${path}-shm`)) return path
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return url
}

/** @throws StorageUnavailable if the database is at fault, or the error itself if the query is */
async function retryWhileBusy<Result>(attempt: () => Result): Promise<Result> {
  const attempts = BUSY_TIMEOUT_MS / BUSY_POLL_MS
  for (let tried = 1; ; tried += 1) {
    try {
      return attempt()
    } catch (error) {
      const code = resultCode(error)
      if (code === undefined || DEFECTS.includes(code)) throw error
      if (code !== SQLITE_BUSY || tried >= attempts) throw new StorageUnavailable(error)
      await sleep(BUSY_POLL_MS)
    }
  }
}
