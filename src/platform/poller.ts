/** Repeats some work at an interval. Two runs never overlap. */
export class Poller {
  readonly #interval: number
  readonly #work: () => Promise<void>
  readonly #onError: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined

  /** @param interval milliseconds @param onError called for each failed run; the next run follows all the same */
  constructor(interval: number, work: () => Promise<void>, onError: (error: unknown) => void) {
    this.#interval = interval
    this.#work = work
    this.#onError = onError
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#working ??= this.#work()
        .catch(this.#onError)
        .finally(() => {
          this.#working = undefined
        })
    }, this.#interval)
    this.#timer.unref()
  }

  /** Stops the timer and resolves once the current run has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#working
  }
}
