import type { Change } from './change.ts'

/** An object that holds copies of records in the database. */
export interface ChangeListener {
  apply(changes: readonly Change[]): Promise<void>
  /** Called instead of `apply` if changes were missed, so that all copies may be outdated. */
  reset(): Promise<void>
}

/** If more changes than this wait for a listener, it reads everything anew instead. */
const MOST_PENDING = 10_000

/**
 * Passes changes to one listener, in order. If the listener fails to take one, it is asked to read everything anew until that
 * succeeds. Meanwhile it is behind. Other listeners don't wait for it.
 */
export class Follower {
  /** The name of the records that the listener holds. */
  readonly of: string
  readonly #listener: ChangeListener
  #pending: readonly Change[] | 'everything' = []
  #pendingSince: number | undefined
  #takingSince: number | undefined
  #working: Promise<void> | undefined

  constructor(of: string, listener: ChangeListener) {
    this.of = of
    this.#listener = listener
  }

  /** The `readAt` of the oldest change that the listener has not taken; undefined if it has taken all. */
  get behindSince(): number | undefined {
    return this.#takingSince ?? this.#pendingSince
  }

  /**
   * @param changes an empty list lets the listener try again
   * @param readAt the monotonic time at which the read of these changes began
   * @returns a promise that resolves once the listener has taken everything, and rejects if it fails
   */
  hand(changes: readonly Change[] | 'everything', readAt: number): Promise<void> {
    if (changes === 'everything' || changes.length > 0) {
      this.#pendingSince ??= readAt
      this.#pending = together(this.#pending, changes)
    }
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined
    })
    return this.#working
  }

  async #work(): Promise<void> {
    while (this.#pendingSince !== undefined) {
      const [pending, since] = [this.#pending, this.#pendingSince]
      this.#pending = []
      this.#pendingSince = undefined
      this.#takingSince = since
      try {
        if (pending === 'everything') await this.#listener.reset()
        else await this.#listener.apply(pending)
      } catch (error) {
        this.#pending = 'everything'
        this.#pendingSince = since
        throw error
      } finally {
        this.#takingSince = undefined
      }
    }
  }
}

type Changes = readonly Change[] | 'everything'

function together(pending: Changes, more: Changes): Changes {
  if (pending === 'everything' || more === 'everything') return 'everything'
  return pending.length + more.length > MOST_PENDING ? 'everything' : [...pending, ...more]
}
