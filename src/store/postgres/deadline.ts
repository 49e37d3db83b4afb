import type { LateAnswer } from './errors.ts'

/** Ends the wait for what does not come. */
export class Deadline {
  #timer: NodeJS.Timeout | undefined
  readonly #passed: Promise<never> | undefined

  /** @param limit milliseconds from now; Infinity for no limit @param Late what it then is */
  constructor(limit: number, Late: typeof LateAnswer) {
    if (limit === Number.POSITIVE_INFINITY) return
    this.#passed = new Promise((_, reject) => {
      const giveUp = () => reject(new Late(`the database did not answer within ${limit} ms`))
      // What has arrived while this process was busy is read before it counts as missing.
      this.#timer = setTimeout(() => setImmediate(giveUp), limit)
    })
    // It may pass while nobody waits.
    this.#passed.catch(() => {})
  }

  /** Rejects with a LateAnswer where the answer comes later. */
  wait<Answer>(answer: Promise<Answer>): Promise<Answer> {
    return this.#passed === undefined ? answer : Promise.race([answer, this.#passed])
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
