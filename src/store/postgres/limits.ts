/** How long things may take, in milliseconds. No limit is 0 for the two that the server keeps, and Infinity for ours. */
export interface Limits {
  /** For a statement, by the server's clock: a statement that nobody waits for any more ends there, too. */
  readonly statement: number
  /** How long a transaction may stay idle before the server ends it: its client is gone, and others wait. */
  readonly idleInTransaction: number
  /** For each answer, by our own clock. */
  readonly answer: number
  /** For a statement or a transaction as a whole, with the wait for a connection and with a second attempt. */
  readonly whole: number
  /** Whether a server that takes no writes will do. Its answers may be old: it may be a former primary that was cut off. */
  readonly mayBeReadOnly: boolean
}

/**
 * The statement that opens every transaction. It sets the server's limits, and asks whether the server takes writes. The
 * settings hold until the end of the transaction. They can't be made for the session: PgBouncer refuses them as parameters of
 * the connection, and gives each transaction another session (https://www.pgbouncer.org/features.html).
 */
export const openingOf = ({ statement, idleInTransaction }: Limits): string => `select
  set_config('statement_timeout', '${statement}', true),
  set_config('lock_timeout', '0', true),
  set_config('idle_in_transaction_session_timeout', '${idleInTransaction}', true),
  current_setting('transaction_read_only') = 'on' as read_only`
