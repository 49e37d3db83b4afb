/** Does some work again and again, never twice at once. */
export class Poller {
  readonly #interval: number
  readonly #work: () => Promise<void>
  readonly #onError: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined

  /** @param interval milliseconds @param onError told of each time that the work fails; the next comes all the same */
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

  /** Resolves once nothing is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#working
  }
}
