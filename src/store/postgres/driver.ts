import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type Dialect as KyselyDialect,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'
import type pg from 'pg'
import { OAuthError } from '../../oauth/error.ts'
import { toParameter } from '../parameters.ts'
import { Deadline } from './deadline.ts'
import { isFromServer, translate } from './errors.ts'
import { type Limits, settingsOf } from './limits.ts'
import { queryAfter } from './statement.ts'

/** Who comes when so many wait for a connection already is sent away: what they wait for would not come in time. */
const MOST_WAITING = 1_000

/** Kysely over a pool of connections, on which every statement is answered in time or fails. */
export class BoundedPostgresDialect implements KyselyDialect {
  readonly #pool: pg.Pool
  readonly #limits: Limits

  constructor(pool: pg.Pool, limits: Limits) {
    this.#pool = pool
    this.#limits = limits
  }

  createDriver = (): Driver => new BoundedDriver(this.#pool, this.#limits)
  createAdapter = (): PostgresAdapter => new PostgresAdapter()
  createQueryCompiler = (): PostgresQueryCompiler => new PostgresQueryCompiler()
  createIntrospector = (db: ConstructorParameters<typeof PostgresIntrospector>[0]): PostgresIntrospector =>
    new PostgresIntrospector(db)
}

class BoundedDriver implements Driver {
  readonly #pool: pg.Pool
  readonly #limits: Limits

  constructor(pool: pg.Pool, limits: Limits) {
    this.#pool = pool
    this.#limits = limits
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<BoundedConnection> {
    if (this.#pool.waitingCount >= MOST_WAITING)
      throw new OAuthError('storage_unavailable', { cause: new Error('too many wait for a connection') })
    try {
      return new BoundedConnection(await this.#pool.connect(), this.#limits)
    } catch (error) {
      throw translate(error)
    }
  }

  beginTransaction = (connection: BoundedConnection, { isolationLevel }: TransactionSettings): Promise<void> =>
    connection.begin(isolationLevel === undefined ? 'begin' : `begin isolation level ${isolationLevel}`)

  commitTransaction = (connection: BoundedConnection): Promise<void> => connection.end('commit')
  rollbackTransaction = (connection: BoundedConnection): Promise<void> => connection.end('rollback')

  async releaseConnection(connection: BoundedConnection): Promise<void> {
    connection.release()
  }

  /** The pool is whoever's who made it. */
  async destroy(): Promise<void> {}
}

/** A connection that is given up when an answer takes too long: what came after would be taken for it. */
class BoundedConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient
  readonly #limits: Limits
  readonly #settings: string
  #isInTransaction = false
  #lost: OAuthError | undefined

  constructor(client: pg.PoolClient, limits: Limits) {
    this.#client = client
    this.#limits = limits
    this.#settings = settingsOf(limits)
  }

  async begin(sql: string): Promise<void> {
    await this.#ask(() => this.#client.query(`${sql}; ${this.#settings}`))
    this.#isInTransaction = true
  }

  async end(sql: 'commit' | 'rollback'): Promise<void> {
    await this.#ask(() => this.#client.query(sql))
    this.#isInTransaction = false
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { command, rowCount, rows } = await this.#ask(() => this.#query(sql, parameters.map(toPostgres)))
    if (command === 'SELECT') return { rows }
    return { rows, numAffectedRows: BigInt(rowCount ?? 0) }
  }

  // biome-ignore lint/correctness/useYield: nothing here streams
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('streaming is not supported')
  }

  release(): void {
    this.#client.release(this.#lost)
  }

  #query(sql: string, values: unknown[]): Promise<pg.QueryResult> {
    if (this.#isInTransaction) return this.#client.query(sql, values)
    return queryAfter(this.#settings, this.#client, sql, values)
  }

  async #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#lost !== undefined) throw this.#lost
    const deadline = new Deadline(this.#limits.answer)
    try {
      return await deadline.wait(ask())
    } catch (error) {
      const translated = translate(error)
      if (translated instanceof OAuthError && !isFromServer(error)) this.#lost = translated
      throw translated
    } finally {
      deadline.end()
    }
  }
}

/** PostgreSQL's text has no place for U+0000, which strangers may send. */
function toPostgres(value: unknown): unknown {
  const parameter = toParameter(value)
  return typeof parameter === 'string' && parameter.includes('\0') ? parameter.replaceAll('\0', '\ufffd') : parameter
}
