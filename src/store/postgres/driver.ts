import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type Dialect as KyselyDialect,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import type pg from 'pg'
import { OAuthError } from '../../oauth/error.ts'
import { toParameter } from '../parameters.ts'
import { isFromServer, translate } from './errors.ts'

/** Who comes when so many wait for a connection already is sent away: what they wait for would not come in time. */
const MOST_WAITING = 1_000

/** Kysely over a pool of connections, on which every statement is answered in time or fails. */
export class BoundedPostgresDialect implements KyselyDialect {
  readonly #pool: pg.Pool
  readonly #answer: number

  /** @param answer milliseconds within which each statement must be answered; 0 for no limit */
  constructor(pool: pg.Pool, answer: number) {
    this.#pool = pool
    this.#answer = answer
  }

  createDriver = (): Driver => new BoundedDriver(this.#pool, this.#answer)
  createAdapter = (): PostgresAdapter => new PostgresAdapter()
  createQueryCompiler = (): PostgresQueryCompiler => new PostgresQueryCompiler()
  createIntrospector = (db: ConstructorParameters<typeof PostgresIntrospector>[0]): PostgresIntrospector =>
    new PostgresIntrospector(db)
}

class BoundedDriver implements Driver {
  readonly #pool: pg.Pool
  readonly #answer: number

  constructor(pool: pg.Pool, answer: number) {
    this.#pool = pool
    this.#answer = answer
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<BoundedConnection> {
    if (this.#pool.waitingCount >= MOST_WAITING)
      throw new OAuthError('storage_unavailable', { cause: new Error('too many wait for a connection') })
    try {
      return new BoundedConnection(await this.#pool.connect(), this.#answer)
    } catch (error) {
      throw translate(error)
    }
  }

  async beginTransaction(
    connection: BoundedConnection,
    { isolationLevel }: { isolationLevel?: string },
  ): Promise<void> {
    await connection.run(isolationLevel === undefined ? 'begin' : `begin isolation level ${isolationLevel}`)
  }

  commitTransaction = (connection: BoundedConnection): Promise<void> => connection.run('commit')
  rollbackTransaction = (connection: BoundedConnection): Promise<void> => connection.run('rollback')

  async releaseConnection(connection: BoundedConnection): Promise<void> {
    connection.release()
  }

  /** The pool is whoever's who made it. */
  async destroy(): Promise<void> {}
}

/** A connection that is given up when an answer takes too long: what came after would be taken for it. */
class BoundedConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient
  readonly #answer: number
  #lost: OAuthError | undefined

  constructor(client: pg.PoolClient, answer: number) {
    this.#client = client
    this.#answer = answer
  }

  async run(sql: string): Promise<void> {
    await this.#ask(() => this.#client.query(sql))
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { command, rowCount, rows } = await this.#ask(() => this.#client.query(sql, parameters.map(toPostgres)))
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

  async #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#lost !== undefined) throw this.#lost
    try {
      return await (this.#answer === 0 ? ask() : within(this.#answer, ask()))
    } catch (error) {
      const translated = translate(error)
      if (translated instanceof OAuthError && !isFromServer(error)) this.#lost = translated
      throw translated
    }
  }
}

/** @param limit milliseconds */
async function within<Answer>(limit: number, answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const giveUp = () => reject(new Error(`the database did not answer within ${limit} ms`))
    // What has arrived while this process was busy is read before it counts as missing.
    timer = setTimeout(() => setImmediate(giveUp), limit)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

/** PostgreSQL's text has no place for U+0000, which strangers may send. */
function toPostgres(value: unknown): unknown {
  const parameter = toParameter(value)
  return typeof parameter === 'string' && parameter.includes('\0') ? parameter.replaceAll('\0', '\ufffd') : parameter
}
