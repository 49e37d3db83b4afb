import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds after which it is given up. */
const PATIENCE = 20_000
/** Milliseconds between two looks: asking without a pause would keep what is waited for from the processor. */
const PAUSE = 10

/**
 * The most that a server may take for what it does within a second, in milliseconds. On a busy machine the same work takes
 * several times as long; a server that does not learn of a change never gets there.
 */
export const A_SECOND = 5_000

/** Milliseconds until that is so, asked again and again. Rejects after 20 s. */
export async function until(check: () => Promise<boolean>): Promise<number> {
  const start = performance.now()
  while (!(await check())) {
    if (performance.now() - start > PATIENCE) throw new Error(`it is not so after ${PATIENCE / 1000} s`)
    await sleep(PAUSE)
  }
  return performance.now() - start
}
