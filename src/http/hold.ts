/** An answer that is held back. */
export interface Hold {
  /** Resolves when the answer may be sent. */
  readonly over: Promise<void>
  /** Resolves at the same time. Anything that the answer still waits for comes too late then. */
  readonly patience: Promise<void>
  /** Lets the answer be sent now. */
  release(): void
}

/**
 * Holds answers back for a fixed time, so that the time does not reveal the work that was done. It begins with the request, and
 * the work does not lengthen it.
 */
export class Holds {
  readonly #most: number
  /** The held answers, the oldest first. */
  readonly #held = new Set<() => void>()

  /** @param most how many are held at once; if there are more, the oldest is sent at once */
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
