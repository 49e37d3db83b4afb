import type { Clock } from './clock.ts'

/** An assertion may live for a day, and its mark is kept for about an hour longer. This is more than both together. */
const BELIEVED_AFTER_MS = 26 * 3_600_000

/**
 * The time that decides which rows are removed for good. A clock that is set forward may be set back, and removed rows would be
 * missing then. So a step forward is ignored until the clock has stayed ahead for more than a day. It is accepted then, because a
 * machine may start with its clock in 1970.
 */
export class BelievedTime {
  readonly #clock: Clock
  /** The least by which the wall clock was ahead of the monotonic one: in this period, and in the one before. */
  #least: number
  #leastBefore: number
  #periodEnds: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#least = clock.now() - clock.monotonic()
    this.#leastBefore = this.#least
    this.#periodEnds = clock.monotonic() + BELIEVED_AFTER_MS
  }

  /** Milliseconds since the Unix epoch, with a fraction. */
  now(): number {
    const monotonic = this.#clock.monotonic()
    const ahead = this.#clock.now() - monotonic
    if (monotonic >= this.#periodEnds) {
      this.#leastBefore = this.#least
      this.#least = ahead
      this.#periodEnds = monotonic + BELIEVED_AFTER_MS
    }
    this.#least = Math.min(this.#least, ahead)
    return Math.min(this.#least, this.#leastBefore) + monotonic
  }
}
