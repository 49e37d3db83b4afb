import pg from 'pg'
import type { PostgresAddress } from './address.ts'
import { concernsServer, losesConnection, NoAnswer } from './errors.ts'
import type { Trust } from './trust.ts'

/** A connection that nobody used for so long is closed. */
const IDLE_MS = 60_000
/** How long a connection may be silent before the other side is asked whether it is there. */
const KEEP_ALIVE_MS = 10_000
/** PostgreSQL's number of the type (https://www.postgresql.org/docs/current/catalog-pg-type.html). */
const BIGINT = 20

const types = new pg.TypeOverrides()
// Times and counters, all far below 2^53; what is not must not pass as something else.
types.setTypeParser(BIGINT, (text) => {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new RangeError(`${text} is too large a number`)
})

/** So many connections, opened when they are needed, and none that is trusted no longer. */
export class Connections {
  readonly #pool: pg.Pool
  readonly #trust: Trust

  /** @param patience milliseconds to get one: one that is free, or a new one @param trust common to all of a database */
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
    // A connection that breaks fails the statement under way, or else the next one: nobody else need be told.
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

  /** Whoever takes one gives it back. Rejects where none can be had in time. */
  async take(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await this.#pool.connect()
      if (this.#trust.has(client)) return client
      client.release(true)
    }
  }

  giveBack(client: pg.PoolClient): void {
    // In a transaction, whoever took it next would be in it, too.
    client.release(!this.#trust.has(client) || client.getTransactionStatus() !== 'I')
  }

  /**
   * What is asked on a connection, or why it does not come. A connection that is of no use any more is closed, and where its
   * server is of none, so are all that were made before: the server says so, or has been silent on all of them. Where others
   * are answered, one that is not is the only one: to make all anew would take longer than what is slow.
   * @param onLoss told when the connection is closed
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

  /** Those that nobody uses would be kept until somebody did, and keep a server busy that is going. */
  #closeIdle(): void {
    for (let idle = this.#pool.idleCount; idle > 0; idle -= 1) {
      this.#pool.connect().then(
        (client) => this.giveBack(client),
        () => {},
      )
    }
  }
}
