import type { Clock } from '../../platform/clock.ts'
import { refusal } from '../refusals.ts'

/** As many calls as a browser sends to one server at once. */
const MOST_AT_ONCE = 6
const MOST_WAITING = 64
/** The caller may have lost the permission since. Milliseconds. */
const LONGEST_WAIT_MS = 10_000

const tooMany = () => refusal('admin_too_many_calls', { retryAfter: 1 })

interface Calls {
  underWay: number
  /** Each starts the next call. */
  readonly waiting: (() => void)[]
}

/**
 * Lets each caller have few calls under way. Some calls look at every client, a page at a time: many at once would keep the server from
 * everything else, and a right over one API is enough to make them.
 */
export class Turns {
  /** By caller. A caller without calls has no entry. */
  readonly #calls = new Map<string, Calls>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs a call when its turn comes. @throws Refusal `admin_too_many_calls` */
  async run<Result>(caller: string, call: () => Promise<Result>): Promise<Result> {
    const since = this.#clock.monotonic()
    const calls = this.#calls.get(caller) ?? { underWay: 0, waiting: [] }
    this.#calls.set(caller, calls)
    if (calls.underWay < MOST_AT_ONCE) calls.underWay += 1
    else if (calls.waiting.length < MOST_WAITING) await new Promise<void>((start) => calls.waiting.push(start))
    else throw tooMany()
    try {
      if (this.#clock.monotonic() - since > LONGEST_WAIT_MS) throw tooMany()
      return await call()
    } finally {
      this.#finish(caller, calls)
    }
  }

  /** Gives the place of a finished call to the next one. */
  #finish(caller: string, calls: Calls): void {
    const start = calls.waiting.shift()
    if (start !== undefined) {
      start()
      return
    }
    calls.underWay -= 1
    if (calls.underWay === 0) this.#calls.delete(caller)
  }
}
