import { setTimeout as sleep } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** How often a transaction, or a statement outside of one, is run while it conflicts with others. */
export const MOST_ATTEMPTS = 5
const PAUSE_MS = 5
/**
 * Errors that are not the fault of a transaction, and that may not occur when it is run again: serialization failure, deadlock, a
 * row that another has removed since it was read, a server that no longer accepts writes or is being shut down
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html). In each of these cases nothing was kept.
 */
const PASSING: readonly unknown[] = ['40001', '40P01', '23503', '25006', '57P01']

/** Runs a transaction, and runs it again after an error that may pass: `work` may be called more than once. */
export async function transact<Result>(
  db: Kysely<Schema>,
  work: (trx: Kysely<Schema>) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(work)
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || !mayPass(error)) throw error
      await sleep(attempt * PAUSE_MS)
    }
  }
}

/** By the SQLSTATE of an error or of what caused it. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && PASSING.includes(error.code)) || mayPass(error.cause)
}
