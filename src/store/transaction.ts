import { setTimeout as sleep } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

const MOST_ATTEMPTS = 5
const PAUSE_MS = 5
/**
 * What a transaction may meet for no fault of its own, and does not when it comes again: serialization failure, deadlock, a
 * row that another has removed since it was read, a server that has ceased to take writes or is being shut down
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html). In all of these cases nothing of it was kept.
 */
const PASSING: readonly unknown[] = ['40001', '40P01', '23503', '25006', '57P01']

/** Runs a transaction, and again where it failed for what passes: `work` may be called more than once. */
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
