import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds until `until` and `expect.poll` give up, unless they are told otherwise. */
export const PATIENCE = 60_000
/** Milliseconds between two checks. Without a pause, the checks would take the processor from the work. */
const PAUSE = 10

/**
 * The limit for changes that a server learns of within a second, in milliseconds. It is longer, because a busy machine
 * is slow; a server that misses the change still fails.
 */
export const A_SECOND = 5_000

/**
 * Repeats `check` until it holds. @param patience milliseconds; a minute by default @returns the milliseconds that this took
 * @throws Error once the time is up
 */
export async function until(check: () => Promise<boolean>, patience = PATIENCE): Promise<number> {
  const start = performance.now()
  while (!(await check())) {
    if (performance.now() - start > patience) throw new Error(`it is not so after ${patience / 1000} s`)
    await sleep(PAUSE)
  }
  return performance.now() - start
}
