import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import type pg from 'pg'
import { toParameter } from '../sql/parameters.ts'
import { MOST_ATTEMPTS } from '../sql/transaction.ts'
import { Deadline } from './deadline.ts'
import { isConflict, isRefusal, LateAnswer, NoAnswer, refusalToBegin, translate, WrongServer } from './errors.ts'
import { type Limits, openingOf } from './limits.ts'
import type { Connections } from './pool.ts'
import { queryAfter } from './statement.ts'

/** Decides from the error of an unusable connection whether the statement may be sent again on another one. */
type MayRepeat = (error: unknown) => boolean

const never: MayRepeat = () => false
/** For statements that may safely run twice. After a late answer no time is left for another attempt. */
const always: MayRepeat = (error) => !(error instanceof LateAnswer)

/**
 * A connection for one statement or one transaction. Each answer has a time limit and must come from a server that accepts writes.
 * An unusable connection is closed at once. If nothing was done on it, another connection replaces it, once.
 */
export class BoundedConnection implements DatabaseConnection {
  readonly #connections: Connections
  readonly #limits: Limits
  readonly #opening: string
  readonly #deadline: Deadline
  /** Undefined once the connection was closed. */
  #client: pg.PoolClient | undefined
  /** The error that closed the connection. */
  #lost: unknown
  #isInTransaction = false

  /** Takes a connection from the pool. Rejects if none is available in time. */
  static async take(connections: Connections, limits: Limits): Promise<BoundedConnection> {
    const connection = new BoundedConnection(connections, limits)
    try {
      await connection.#take()
      return connection
    } catch (error) {
      connection.release()
      throw translate(error)
    }
  }

  private constructor(connections: Connections, limits: Limits) {
    this.#connections = connections
    this.#limits = limits
    this.#opening = openingOf(limits)
    this.#deadline = new Deadline(limits.whole, LateAnswer)
  }

  async begin(isolationLevel: string | undefined): Promise<void> {
    // A role or database may have another default, with which transactions that wait for each other would fail.
    const begin = `begin isolation level ${isolationLevel ?? 'read committed'}; ${this.#opening}`
    await this.#attempt(async (client) => {
      const results = await client.query(begin).catch((error: unknown) => {
        throw refusalToBegin(error)
      })
      this.#refuseReadOnly([results].flat().at(-1)?.rows[0])
    }, always)
    this.#isInTransaction = true
  }

  async end(sql: 'commit' | 'rollback'): Promise<void> {
    await this.#attempt((client) => client.query(sql), never)
    this.#isInTransaction = false
  }

  async executeQuery<Row>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<Row>> {
    const values = parameters.map(toParameter)
    const { command, rowCount, rows } = this.#isInTransaction
      ? await this.#attempt((client) => client.query(sql, values), never)
      : await this.#askAlone(sql, values, query.kind === 'SelectQueryNode' ? always : isRefusal)
    if (command === 'SELECT') return { rows }
    return { rows, numAffectedRows: BigInt(rowCount ?? 0) }
  }

  // biome-ignore lint/correctness/useYield: nothing here streams
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('streaming is not supported')
  }

  release(): void {
    this.#deadline.end()
    if (this.#client !== undefined) this.#connections.giveBack(this.#client)
    this.#client = undefined
  }

  async #take(): Promise<void> {
    const taking = this.#connections.take()
    try {
      this.#client = await this.#deadline.wait(taking)
    } catch (error) {
      // The pool may still deliver the connection later. It is then given back.
      taking.then(
        (client) => this.#connections.giveBack(client),
        () => {},
      )
      throw error
    }
  }

  /** A single statement has the default isolation of the database, under which it may conflict with others. It is run again then. */
  async #askAlone(sql: string, values: unknown[], mayRepeat: MayRepeat): Promise<pg.QueryResult> {
    const ask = async (client: pg.PoolClient) => {
      const { row, result } = await queryAfter(this.#opening, client, [sql, values], refusalToBegin)
      this.#refuseReadOnly(row)
      return result
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(ask, mayRepeat)
      } catch (error) {
        if (attempt === MOST_ATTEMPTS || !isConflict(error)) throw error
      }
    }
  }

  #refuseReadOnly(opened: pg.QueryResultRow | undefined): void {
    if (opened?.['read_only'] === false || this.#limits.mayBeReadOnly) return
    throw new WrongServer('the database is read-only')
  }

  async #attempt<Answer>(ask: (client: pg.PoolClient) => Promise<Answer>, mayRepeat: MayRepeat): Promise<Answer> {
    try {
      return await this.#ask(ask)
    } catch (error) {
      if (this.#client !== undefined || !mayRepeat(error)) throw translate(error)
    }
    try {
      await this.#take()
      return await this.#ask(ask)
    } catch (error) {
      throw translate(error)
    }
  }

  async #ask<Answer>(ask: (client: pg.PoolClient) => Promise<Answer>): Promise<Answer> {
    const client = this.#client
    if (client === undefined) throw this.#lost
    const deadline = new Deadline(this.#limits.answer, NoAnswer)
    const answer = this.#deadline.wait(deadline.wait(ask(client)))
    const lose = (error: unknown) => {
      this.#lost = error
      this.#client = undefined
    }
    try {
      return await this.#connections.ask(client, answer, lose)
    } finally {
      deadline.end()
    }
  }
}
