import {
  type Driver,
  type Dialect as KyselyDialect,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type TransactionSettings,
} from 'kysely'
import { StorageUnavailable } from '../../platform/storage-unavailable.ts'
import { BoundedConnection } from './connection.ts'
import type { Limits } from './limits.ts'
import type { Connections } from './pool.ts'

/** Who comes when so many wait for a connection already is sent away: what they wait for would not come in time. */
const MOST_WAITING = 1_000

/** Kysely over connections on which every statement is answered in time or fails. */
export class BoundedPostgresDialect implements KyselyDialect {
  readonly #connections: Connections
  readonly #limits: Limits

  constructor(connections: Connections, limits: Limits) {
    this.#connections = connections
    this.#limits = limits
  }

  createDriver = (): Driver => new BoundedDriver(this.#connections, this.#limits)
  createAdapter = (): PostgresAdapter => new PostgresAdapter()
  createQueryCompiler = (): PostgresQueryCompiler => new PostgresQueryCompiler()
  createIntrospector = (db: ConstructorParameters<typeof PostgresIntrospector>[0]): PostgresIntrospector =>
    new PostgresIntrospector(db)
}

class BoundedDriver implements Driver {
  readonly #connections: Connections
  readonly #limits: Limits

  constructor(connections: Connections, limits: Limits) {
    this.#connections = connections
    this.#limits = limits
  }

  async init(): Promise<void> {}

  acquireConnection(): Promise<BoundedConnection> {
    if (this.#connections.counts.waiting < MOST_WAITING) return BoundedConnection.take(this.#connections, this.#limits)
    throw new StorageUnavailable(new Error('too many wait for a connection'))
  }

  beginTransaction = (connection: BoundedConnection, { isolationLevel }: TransactionSettings): Promise<void> =>
    connection.begin(isolationLevel)

  commitTransaction = (connection: BoundedConnection): Promise<void> => connection.end('commit')
  rollbackTransaction = (connection: BoundedConnection): Promise<void> => connection.end('rollback')

  async releaseConnection(connection: BoundedConnection): Promise<void> {
    connection.release()
  }

  /** The owner of the pool closes the connections. */
  async destroy(): Promise<void> {}
}
