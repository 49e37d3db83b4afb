/** Does some work at the end of the turn, and resolves with what comes of it. */
type Batch = <Result>(work: () => Result) => Promise<Result>

/**
 * Gathers what one turn of the event loop asks for and does it in a row, at the turn's end. Work in a row finds its code and
 * tables in the processor's caches, which the handling of a request between any two would evict; and what it leads to,
 * such as writing the answers, comes in a row as well (`docs/decisions/0002-work-in-batches.md`).
 */
export function createBatch(): Batch {
  let waiting: (() => void)[] = []

  function run(): void {
    const batch = waiting
    waiting = []
    for (const work of batch) work()
  }

  return (work) =>
    new Promise((resolve, reject) => {
      const attempt = (): void => {
        try {
          resolve(work())
        } catch (error) {
          reject(error)
        }
      }
      if (waiting.push(attempt) === 1) setImmediate(run)
    })
}
