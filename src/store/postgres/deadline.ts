import type { LateAnswer } from './errors.ts'

/** Ends a wait after a time limit. */
export class Deadline {
  #timer: NodeJS.Timeout | undefined
  readonly #passed: Promise<never> | undefined

  /** @param limit milliseconds from now; Infinity for no limit @param Late the error to reject with */
  constructor(limit: number, Late: typeof LateAnswer) {
    if (limit === Number.POSITIVE_INFINITY) return
    this.#passed = new Promise((_, reject) => {
      const giveUp = () => reject(new Late(`the database did not answer within ${limit} ms`))
      // An answer may have arrived while this process was busy. Read it before giving up.
      this.#timer = setTimeout(() => setImmediate(giveUp), limit)
    })
    // The time may be up while nothing waits. This must not become an unhandled rejection.
    this.#passed.catch(() => {})
  }

  /** Waits for the answer. Rejects with a LateAnswer once the time is up. */
  wait<Answer>(answer: Promise<Answer>): Promise<Answer> {
    return this.#passed === undefined ? answer : Promise.race([answer, this.#passed])
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
