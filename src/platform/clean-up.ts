import { setImmediate as nextTurn } from 'node:timers/promises'

/** Rows in a step: few enough that SQLite, whose calls are synchronous, holds up the event loop for milliseconds only. */
const STEP = 500

/**
 * Removes what is due, step by step. Requests are handled between any two steps.
 * @param remove removes at most so many rows and resolves with their number, which is 0 once nothing is left to remove
 */
export async function cleanUp(remove: (most: number) => Promise<number>): Promise<void> {
  while ((await remove(STEP)) > 0) await nextTurn()
}
