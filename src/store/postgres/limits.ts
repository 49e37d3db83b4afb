/** How long things may take, in milliseconds; Infinity, or for the server's own limits 0, where there is no limit. */
export interface Limits {
  /** For a statement, by the server's clock: what nobody waits for any more ends there, too. */
  readonly statement: number
  /** That a transaction may stay idle before the server ends it: the client is gone, and others wait. */
  readonly idleInTransaction: number
  /** For each answer, by our own clock. */
  readonly answer: number
  /** For a statement or a transaction as a whole, with the wait for a connection, and for another where one is of no use. */
  readonly whole: number
  /** Whether a server that takes no writes will do. What it says may be old: it may be a primary that was, cut off. */
  readonly mayBeReadOnly: boolean
}

/**
 * The statement that begins everything. It sets what the server itself limits, and asks whether the server takes writes. The
 * settings hold until the transaction ends that they are made in. They can't be made for the session: a pooler such as
 * PgBouncer refuses them as parameters of the connection, and hands each transaction to another session
 * (https://www.pgbouncer.org/features.html).
 */
export const openingOf = ({ statement, idleInTransaction }: Limits): string => `select
  set_config('statement_timeout', '${statement}', true),
  set_config('lock_timeout', '0', true),
  set_config('idle_in_transaction_session_timeout', '${idleInTransaction}', true),
  current_setting('transaction_read_only') = 'on' as read_only`
