import pg from 'pg'
import type { DatabaseHost } from '../../input/database-location.ts'
import type { PostgresAddress } from './address.ts'
import { concernsServer, losesConnection, NoAnswer } from './errors.ts'
import { clientConfig, DiscreetClient, type Hosts } from './hosts.ts'
import type { Trust } from './trust.ts'

/** Connections that are idle for this long are closed. */
const IDLE_MS = 60_000
/** TCP keep-alive probes begin after this time of silence. */
const KEEP_ALIVE_MS = 10_000
/** The OID of the type (https://www.postgresql.org/docs/current/catalog-pg-type.html). */
const BIGINT = 20

const types = new pg.TypeOverrides()
// These are times and counters far below 2^53. A larger value must fail, not be rounded.
types.setTypeParser(BIGINT, (text) => {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new RangeError(`the number ${text} is too large`)
})

interface Options {
  readonly address: PostgresAddress
  /** Shared by all connections to a database, as is `trust`. */
  readonly hosts: Hosts
  readonly trust: Trust
  /** The most connections. */
  readonly size: number
  /** Milliseconds to wait for a connection. */
  readonly patience: number
}

/**
 * A pool of connections to the host that accepts writes, which are opened when they are needed. A connection that is no longer
 * trusted is closed.
 */
export class Connections {
  readonly #options: Options
  /** One for each host that was used. After a fail-over, that of the old host loses its connections and stays empty. */
  readonly #pools = new Map<DatabaseHost, pg.Pool>()
  #searching = 0

  constructor(options: Options) {
    this.#options = options
    options.trust.onLoss(() => this.#closeIdle())
  }

  get counts(): { readonly busy: number; readonly idle: number; readonly waiting: number } {
    const counts = { busy: 0, idle: 0, waiting: this.#searching }
    for (const { totalCount, idleCount, waitingCount } of this.#pools.values()) {
      counts.busy += totalCount - idleCount
      counts.idle += idleCount
      counts.waiting += waitingCount
    }
    return counts
  }

  /** Takes a connection, which the caller must give back. Rejects if none is available in time. */
  async take(): Promise<pg.PoolClient> {
    const { hosts, trust, size } = this.#options
    for (let failures = 0; ; ) {
      const host = await this.#find()
      const pool = this.#poolOf(host)
      try {
        const client = await pool.connect()
        if (trust.has(client) && hosts.isRight(host)) return client
        client.release(true)
      } catch (error) {
        failures += 1
        // A wait for one of many busy connections says nothing about the host.
        const isBusy = pool.totalCount >= size
        if (isBusy || failures > 1 || !hosts.giveUp(host)) throw error
      }
    }
  }

  giveBack(client: pg.PoolClient): void {
    // Close a connection with an open transaction. Its next user would be inside this transaction.
    client.release(!this.#options.trust.has(client) || client.getTransactionStatus() !== 'I')
  }

  /**
   * Waits for an answer on a connection, and closes the connection if an error shows that it is unusable. If the server sent that
   * error, or was silent on all connections, all earlier connections are closed, too. If other connections got answers, only this
   * one is closed: on a busy machine, new connections take longer than a slow answer.
   * @param onLoss called with the error when the connection is closed
   */
  async ask<Answer>(client: pg.PoolClient, answer: Promise<Answer>, onLoss: (error: unknown) => void): Promise<Answer> {
    const { trust } = this.#options
    const before = trust.answers
    try {
      const answered = await answer
      trust.noteAnswer()
      return answered
    } catch (error) {
      if (losesConnection(error)) {
        client.release(true)
        onLoss(error)
        const isSilent = error instanceof NoAnswer && trust.answers === before
        if (isSilent || concernsServer(error)) trust.end(client)
      }
      throw error
    }
  }

  async end(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()))
  }

  async #find(): Promise<DatabaseHost> {
    this.#searching += 1
    try {
      return await this.#options.hosts.find()
    } finally {
      this.#searching -= 1
    }
  }

  #poolOf(host: DatabaseHost): pg.Pool {
    const { address, size, patience, trust } = this.#options
    const existing = this.#pools.get(host)
    if (existing !== undefined) return existing
    const pool = new pg.Pool({
      ...clientConfig(address, host),
      Client: DiscreetClient,
      max: size,
      types,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      idleTimeoutMillis: IDLE_MS,
      connectionTimeoutMillis: patience,
    })
    // A connection that breaks fails the statement under way, or else the next one, so no other report is needed.
    pool.on('error', () => {})
    pool.on('connect', (client) => {
      client.on('error', () => {})
      trust.begin(client)
    })
    this.#pools.set(host, pool)
    return pool
  }

  /** Closes idle connections that are no longer trusted. They would otherwise keep the old server from shutting down. */
  #closeIdle(): void {
    for (const pool of this.#pools.values())
      for (let idle = pool.idleCount; idle > 0; idle -= 1) {
        pool.connect().then(
          (client) => this.giveBack(client),
          () => {},
        )
      }
  }
}
