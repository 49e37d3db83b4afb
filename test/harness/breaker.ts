/** Fails some of the calls of a database. */

/** Whether a call fails before it takes effect, or takes effect and then loses its answer. */
export type Failure = 'before' | 'after'

const NEVER = Number.POSITIVE_INFINITY

/** Decides for each call whether it fails. */
export class Breaker {
  #made = 0
  #first = NEVER
  #last = NEVER
  #how: Failure = 'before'

  /** Makes `times` calls fail, from the `nth` on. The next call is number 1. */
  fail(nth: number, how: Failure, times = 1): void {
    this.#made = 0
    this.#first = nth
    this.#last = nth + times - 1
    this.#how = how
  }

  /** Ends the failures. @returns whether any call failed */
  heal(): boolean {
    const came = this.#made >= this.#first
    this.#first = NEVER
    return came
  }

  /** Counts a call. @returns how the call fails, or undefined if it succeeds */
  next(): Failure | undefined {
    this.#made += 1
    return this.#made >= this.#first && this.#made <= this.#last ? this.#how : undefined
  }
}
