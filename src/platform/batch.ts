/** Runs a function at the end of the turn and resolves with its result. */
type Batch = <Result>(work: () => Result) => Promise<Result>

/**
 * Gathers the work of one turn of the event loop and runs it in a row at the end of the turn. Such work finds its code and tables
 * in the processor's caches; the handling of requests in between would evict them. The follow-up work, such as writing the
 * answers, runs in a row as well (`docs/decisions/0002-work-in-batches.md`).
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
