/** Repeats some work at an interval. Two runs never overlap. */
export class Poller {
  readonly #interval: number
  readonly #work: (ending: AbortSignal) => Promise<void>
  readonly #onError: (error: unknown) => void
  readonly #ending = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined

  /** @param interval milliseconds @param onError called for each failed run; the next run follows all the same */
  constructor(interval: number, work: (ending: AbortSignal) => Promise<void>, onError: (error: unknown) => void) {
    this.#interval = interval
    this.#work = work
    this.#onError = onError
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#working ??= this.#work(this.#ending.signal)
        .catch(this.#onError)
        .finally(() => {
          this.#working = undefined
        })
    }, this.#interval)
    this.#timer.unref()
  }

  /** Stops the timer, tells the current run to end, and resolves once it has. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#ending.abort()
    await this.#working
  }
}
