import { setTimeout as sleep } from 'node:timers/promises'

/** Rows in one step. SQLite's calls are synchronous, and so few rows block the event loop for milliseconds only. */
const STEP = 500
/** A request takes several turns of the event loop, so that a turn between two steps is not enough for it. Milliseconds. */
export const REST_MS = 1

/**
 * Removes rows step by step, so that requests are handled between the steps.
 * @param remove removes at most `most` rows and resolves with their number, which is 0 once nothing is left to remove
 * @param ending stops it after a step, so that a process that ends need not wait for millions of rows
 */
export async function cleanUp(remove: (most: number) => Promise<number>, ending?: AbortSignal): Promise<void> {
  while (ending?.aborted !== true && (await remove(STEP)) > 0) await sleep(REST_MS)
}
