/** Ends the wait for what does not come. */
export class Deadline {
  #timer: NodeJS.Timeout | undefined
  readonly #passed: Promise<never> | undefined

  /** @param limit milliseconds from now; Infinity for no limit */
  constructor(limit: number) {
    if (limit === Number.POSITIVE_INFINITY) return
    this.#passed = new Promise((_, reject) => {
      const giveUp = () => reject(new Error(`the database did not answer within ${limit} ms`))
      // What has arrived while this process was busy is read before it counts as missing.
      this.#timer = setTimeout(() => setImmediate(giveUp), limit)
    })
    // It may pass while nobody waits.
    this.#passed.catch(() => {})
  }

  /** Rejects where the answer comes later. */
  wait<Answer>(answer: Promise<Answer>): Promise<Answer> {
    return this.#passed === undefined ? answer : Promise.race([answer, this.#passed])
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
