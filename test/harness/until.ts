import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds until `until` gives up. */
const PATIENCE = 20_000
/** Milliseconds between two checks. Without a pause, the checks would take the processor from the work. */
const PAUSE = 10

/**
 * The limit for changes that a server learns of within a second, in milliseconds. It is longer, because a busy machine
 * is slow; a server that misses the change still fails.
 */
export const A_SECOND = 5_000

/**
 * Repeats `check` until it holds. @returns the milliseconds that this took
 * @throws Error after 20 s
 */
export async function until(check: () => Promise<boolean>): Promise<number> {
  const start = performance.now()
  while (!(await check())) {
    if (performance.now() - start > PATIENCE) throw new Error(`it is not so after ${PATIENCE / 1000} s`)
    await sleep(PAUSE)
  }
  return performance.now() - start
}
