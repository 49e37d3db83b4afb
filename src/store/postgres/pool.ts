import pg from 'pg'
import type { PostgresAddress } from './address.ts'
import { concernsServer, losesConnection, NoAnswer } from './errors.ts'
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

/** A pool of connections, which are opened when they are needed. A connection that is no longer trusted is closed. */
export class Connections {
  readonly #pool: pg.Pool
  readonly #trust: Trust

  /** @param patience milliseconds to wait for a connection @param trust shared by all connections to a database */
  constructor(address: PostgresAddress, size: number, patience: number, trust: Trust) {
    this.#trust = trust
    this.#pool = new pg.Pool({
      ...address,
      max: size,
      types,
      application_name: 'tessera',
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      idleTimeoutMillis: IDLE_MS,
      connectionTimeoutMillis: patience,
    })
    // A connection that breaks fails the statement under way, or else the next one, so no other report is needed.
    this.#pool.on('error', () => {})
    this.#pool.on('connect', (client) => {
      client.on('error', () => {})
      trust.begin(client)
    })
    trust.onLoss(() => this.#closeIdle())
  }

  get counts(): { readonly busy: number; readonly idle: number; readonly waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.#pool
    return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount }
  }

  /** Takes a connection, which the caller must give back. Rejects if none is available in time. */
  async take(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await this.#pool.connect()
      if (this.#trust.has(client)) return client
      client.release(true)
    }
  }

  giveBack(client: pg.PoolClient): void {
    // Close a connection with an open transaction. Its next user would be inside this transaction.
    client.release(!this.#trust.has(client) || client.getTransactionStatus() !== 'I')
  }

  /**
   * Waits for an answer on a connection, and closes the connection if an error shows that it is unusable. If the server sent that
   * error, or was silent on all connections, all earlier connections are closed, too. If other connections got answers, only this
   * one is closed: on a busy machine, new connections take longer than a slow answer.
   * @param onLoss called with the error when the connection is closed
   */
  async ask<Answer>(client: pg.PoolClient, answer: Promise<Answer>, onLoss: (error: unknown) => void): Promise<Answer> {
    const before = this.#trust.answers
    try {
      const answered = await answer
      this.#trust.noteAnswer()
      return answered
    } catch (error) {
      if (losesConnection(error)) {
        client.release(true)
        onLoss(error)
        const isSilent = error instanceof NoAnswer && this.#trust.answers === before
        if (isSilent || concernsServer(error)) this.#trust.end(client)
      }
      throw error
    }
  }

  async end(): Promise<void> {
    await this.#pool.end()
  }

  /** Closes idle connections that are no longer trusted. They would otherwise keep the old server from shutting down. */
  #closeIdle(): void {
    for (let idle = this.#pool.idleCount; idle > 0; idle -= 1) {
      this.#pool.connect().then(
        (client) => this.giveBack(client),
        () => {},
      )
    }
  }
}
