/** Time limits in milliseconds. For no limit, use 0 for the two that the server enforces, and Infinity for ours. */
export interface Limits {
  /** The limit for a statement. The server enforces it, so it also stops a statement that nobody waits for any more. */
  readonly statement: number
  /** The limit for an idle transaction. The server then ends it, since its client is gone and others may wait for its locks. */
  readonly idleInTransaction: number
  /** The limit for each answer, by our own clock. */
  readonly answer: number
  /** The limit for a whole statement or transaction, with the wait for a connection and a second attempt. */
  readonly whole: number
  /** Whether a read-only server is acceptable. Its answers may be outdated: it may be a former primary that was cut off. */
  readonly mayBeReadOnly: boolean
}

/**
 * The statement that opens every transaction. It sets the server's limits and asks whether the server is read-only. The settings
 * hold until the end of the transaction. They can't be set for the session: PgBouncer refuses them as parameters of the
 * connection, and gives each transaction another session (https://www.pgbouncer.org/features.html).
 */
export const openingOf = ({ statement, idleInTransaction }: Limits): string => `select
  set_config('statement_timeout', '${statement}', true),
  set_config('lock_timeout', '0', true),
  set_config('idle_in_transaction_session_timeout', '${idleInTransaction}', true),
  current_setting('transaction_read_only') = 'on' as read_only`
