/** An answer that is held back. */
export interface Hold {
  /** Resolves when it may leave. */
  readonly over: Promise<void>
  /** Resolves when whatever it still waits for comes too late: at the same time. */
  readonly patience: Promise<void>
  /** Lets it leave now. */
  release(): void
}

/**
 * Holds answers back for a time that has nothing to do with what they took to make, so that it tells nothing of that. It
 * begins with the request: whatever is done meanwhile does not lengthen it.
 */
export class Holds {
  readonly #most: number
  /** Those that are held, the oldest first. */
  readonly #held = new Set<() => void>()

  /** @param most how many are held at once: of more, the oldest may leave at once, whatever it waits for */
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
