import pg from 'pg'
import type { PostgresAddress } from './address.ts'

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

/**
 * So many connections, opened when they are needed.
 * @param patience milliseconds to get one: one that is free, or a new one
 */
export function createPool(address: PostgresAddress, size: number, patience: number): pg.Pool {
  const pool = new pg.Pool({
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
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}
