import { setImmediate as nextTurn } from 'node:timers/promises'

/** Rows in a step: few enough that SQLite, whose calls are synchronous, holds up the event loop for milliseconds only. */
const STEP = 500

/**
 * Removes what is due, step by step; requests come between any two.
 * @param remove removes at most so many, and resolves with how many; with 0 once there is nothing left for it to do
 */
export async function cleanUp(remove: (most: number) => Promise<number>): Promise<void> {
  while ((await remove(STEP)) > 0) await nextTurn()
}
