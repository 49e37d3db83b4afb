/** How long things may take, in milliseconds. */
export interface Limits {
  /** For a statement, by the server's clock: what nobody waits for any more ends there, too. 0 for no limit. */
  readonly statement: number
  /** That a transaction may stay idle before the server ends it: the client is gone, and others wait. 0 for no limit. */
  readonly idleInTransaction: number
  /** For each answer, by our own clock. Infinity for no limit. */
  readonly answer: number
}

/**
 * The statement that sets what the server itself limits. The settings hold until the transaction ends that they are made in.
 * They can't be made for the session: a pooler such as PgBouncer refuses them as parameters of the connection, and hands each
 * transaction to another session (https://www.pgbouncer.org/features.html).
 */
export const settingsOf = ({ statement, idleInTransaction }: Limits): string => `select
  set_config('statement_timeout', '${statement}', true),
  set_config('lock_timeout', '0', true),
  set_config('idle_in_transaction_session_timeout', '${idleInTransaction}', true)`
