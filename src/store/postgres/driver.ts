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

/** The most waiting callers. Beyond it a caller would time out anyway, so it fails at once. */
const MOST_WAITING = 1_000

/** The Kysely dialect over connections on which every statement has a time limit. */
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
