import { setImmediate as nextTurn } from 'node:timers/promises'

/** Milliseconds until that is so, asked again and again. Rejects after 5 s. */
export async function until(check: () => Promise<boolean>): Promise<number> {
  const start = performance.now()
  while (!(await check())) {
    if (performance.now() - start > 5_000) throw new Error('it is not so after 5 s')
    // A check that waits for nothing must leave what it waits for a turn.
    await nextTurn()
  }
  return performance.now() - start
}
