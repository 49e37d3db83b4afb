/** Fails some of the calls of a database. */

/** What becomes of a call: nothing is done, or it is done and nobody can tell. */
export type Failure = 'before' | 'after'

const NEVER = Number.POSITIVE_INFINITY

/** Says of each call whether it is to fail. */
export class Breaker {
  #made = 0
  #first = NEVER
  #last = NEVER
  #how: Failure = 'before'

  /** Has calls fail, counted from 1: the n-th from now, and so many in all. */
  fail(nth: number, how: Failure, times = 1): void {
    this.#made = 0
    this.#first = nth
    this.#last = nth + times - 1
    this.#how = how
  }

  /** Ends that. @returns whether any failed */
  heal(): boolean {
    const came = this.#made >= this.#first
    this.#first = NEVER
    return came
  }

  /** Counts a call. @returns how it is to fail; undefined where it isn't */
  next(): Failure | undefined {
    this.#made += 1
    return this.#made >= this.#first && this.#made <= this.#last ? this.#how : undefined
  }
}
