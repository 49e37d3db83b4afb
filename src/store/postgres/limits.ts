/** Time limits in milliseconds. For no limit, use 0 for the two that the server enforces, and Infinity for ours. */
export interface Limits {
  /** For a statement, enforced by the server, so that it also stops a statement that nobody waits for any more. */
  readonly statement: number
  /** How long a transaction may stay idle before the server ends it: its client is gone, and others wait. */
  readonly idleInTransaction: number
  /** For each answer, by our own clock. */
  readonly answer: number
  /** For a statement or a transaction as a whole, with the wait for a connection and with a second attempt. */
  readonly whole: number
  /** Whether a read-only server is acceptable. Its answers may be outdated: it may be a former primary that was cut off. */
  readonly mayBeReadOnly: boolean
}

/**
 * The statement that opens every transaction. It sets the server's limits, and asks whether the server takes writes. The settings
 * hold until the end of the transaction. They can't be set for the session: PgBouncer refuses them as parameters of the
 * connection, and gives each transaction another session (https://www.pgbouncer.org/features.html).
 */
export const openingOf = ({ statement, idleInTransaction }: Limits): string => `select
  set_config('statement_timeout', '${statement}', true),
  set_config('lock_timeout', '0', true),
  set_config('idle_in_transaction_session_timeout', '${idleInTransaction}', true),
  current_setting('transaction_read_only') = 'on' as read_only`
