/** An answer that is held back. */
export interface Hold {
  /** Resolves when the answer may be sent. */
  readonly over: Promise<void>
  /** Resolves at the same time. Work for the answer that is not done by then comes too late. */
  readonly patience: Promise<void>
  /** Lets the answer be sent now. */
  release(): void
}

/**
 * Holds answers back for a fixed time, so that the time does not reveal the work that was done. The time begins with
 * the request, and the work does not lengthen it.
 */
export class Holds {
  readonly #most: number
  /** The held answers, the oldest first. */
  readonly #held = new Set<() => void>()

  /** @param most the most answers that are held; beyond it, the oldest is sent */
  constructor(most: number) {
    this.#most = most
  }

  /** @param time milliseconds */
  begin(time: number): Hold {
    const { promise, resolve } = Promise.withResolvers<void>()
    const release = (): void => {
      clearTimeout(timer)
      this.#held.delete(release)
      resolve()
    }
    const timer = setTimeout(release, time)
    this.#held.add(release)
    const [oldest] = this.#held
    if (this.#held.size > this.#most) oldest?.()
    return { over: promise, patience: promise, release }
  }
}
