/** After so long without a failure, earlier ones are forgotten, in milliseconds: a person who came back tries afresh. */
export const WINDOW_MS = 15 * 60_000
/** The first wait, in milliseconds: a person hardly notices it, and a program makes one guess where it made thousands. */
const SHORTEST_WAIT_MS = 1_000
/** The longest, in milliseconds: 60 guesses an hour find no secret worth the name, and who was locked out is soon back. */
const LONGEST_WAIT_MS = 60_000

/** How many failures are free, and how they are forgotten. */
export interface TallyLimits {
  /** With so many counted, the next attempt waits. */
  readonly free: number
  /** Milliseconds in which one failure is forgotten; unset where all are at once, after a quiet window. */
  readonly leak?: number
}

/** Failures, counted until they are forgotten, and how long the next attempt has to wait for them. */
export class Tally {
  readonly #limits: TallyLimits
  #level = 0
  #levelAt = 0
  /** An object, so that of two failures in one millisecond each knows whether it is the last. */
  #last: { readonly at: number } = { at: Number.NEGATIVE_INFINITY }

  constructor(limits: TallyLimits) {
    this.#limits = limits
  }

  /** How many failures count. @param now monotonic milliseconds, as everywhere here */
  level(now: number): number {
    if (now - this.#last.at >= WINDOW_MS) return 0
    return Math.max(0, this.#level - (now - this.#levelAt) / (this.#limits.leak ?? Number.POSITIVE_INFINITY))
  }

  isFull(now: number): boolean {
    return this.level(now) >= this.#limits.free
  }

  /** Milliseconds until the next attempt may be made: from the last failure 1 s, 2 s, 4 s and so on; 0 where it may be now. */
  wait(now: number): number {
    if (!this.isFull(now)) return 0
    const doublings = Math.floor(this.level(now) - this.#limits.free)
    return Math.max(0, this.#last.at + Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** doublings) - now)
  }

  /** Counts failures. @returns takes them back, as if they had never been: the attempt succeeded */
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

  /** Counts some failures no more. */
  forgive(now: number, failures: number): void {
    this.#set(now, Math.max(0, this.level(now) - failures))
  }

  #set(now: number, level: number): void {
    this.#level = level
    this.#levelAt = now
  }
}
