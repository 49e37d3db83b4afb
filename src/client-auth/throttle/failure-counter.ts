/** All failures are forgotten after this time without a new one, so that a person who comes back can try again. Milliseconds. */
export const WINDOW_MS = 15 * 60_000
/** The first wait. A person hardly notices it, but it slows a program from thousands of guesses to one. Milliseconds. */
const SHORTEST_WAIT_MS = 1_000
/** The longest wait. 60 guesses an hour find no decent secret, and a locked out client may soon try again. Milliseconds. */
const LONGEST_WAIT_MS = 60_000

/** The limits of a counter. */
export interface CounterLimits {
  /** From this number of failures on, the next attempt must wait. */
  readonly free: number
  /** Milliseconds after which one failure is forgotten. If unset, all are forgotten at once, after a quiet window. */
  readonly leak?: number
}

/** Counts failures until they are forgotten, and computes the wait for the next attempt. */
export class FailureCounter {
  readonly #limits: CounterLimits
  #level = 0
  #levelAt = 0
  /** The last failure. It is an object, so that two failures in the same millisecond differ. */
  #last: { readonly at: number } = { at: Number.NEGATIVE_INFINITY }

  constructor(limits: CounterLimits) {
    this.#limits = limits
  }

  /** The number of failures that count. @param now monotonic milliseconds, as everywhere here */
  level(now: number): number {
    if (now - this.#last.at >= WINDOW_MS) return 0
    return Math.max(0, this.#level - (now - this.#levelAt) / (this.#limits.leak ?? Number.POSITIVE_INFINITY))
  }

  isFull(now: number): boolean {
    return this.level(now) >= this.#limits.free
  }

  /** Milliseconds until the next attempt is allowed, or 0. The waits after failures are 1 s, 2 s, 4 s and so on. */
  wait(now: number): number {
    if (!this.isFull(now)) return 0
    const doublings = Math.floor(this.level(now) - this.#limits.free)
    return Math.max(0, this.#last.at + Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** doublings) - now)
  }

  /** Counts failures. @returns a function that undoes this completely, for an attempt that succeeds */
  add(now: number, failures: number): (then: number) => void {
    this.#set(now, this.level(now) + failures)
    const before = this.#last
    const own = { at: now }
    this.#last = own
    return (then) => {
      this.forgive(then, failures)
      if (this.#last === own) this.#last = before
    }
  }

  /** Removes failures from the count. */
  forgive(now: number, failures: number): void {
    this.#set(now, Math.max(0, this.level(now) - failures))
  }

  #set(now: number, level: number): void {
    this.#level = level
    this.#levelAt = now
  }
}
