import type { Clock } from './clock.ts'

/** Longer than anything may live that a wrong clock must not outlive: an assertion, and the hour for which its mark is kept. */
const BELIEVED_AFTER_MS = 26 * 3_600_000

/**
 * The time by which things are forgotten for good. A clock that is set forward may be set back, and then what was forgotten
 * would be missed. So no more time counts than has passed; only where the clock has stayed ahead for more than a day is it
 * believed, as of a machine that started with no idea of the time.
 */
export class BelievedTime {
  readonly #clock: Clock
  /** Of the wall clock, by how much it was ahead of the monotonic one at the least: in this period, and in the one before. */
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
