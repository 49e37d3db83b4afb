import type { Change } from './feed.ts'

/** Something that remembers what is in the database. */
export interface ChangeListener {
  apply(changes: readonly Change[]): Promise<void>
  /** Called in place of `apply` where changes were missed: everything remembered may be old. */
  reset(): Promise<void>
}

/** Beyond so many changes that wait, a listener reads everything anew. */
const MOST_PENDING = 10_000

/**
 * Hands one listener what has changed, in order. What it fails to take is in what it reads anew, which it is asked to do again
 * and again; until it has, it is behind. No other listener waits for it.
 */
export class Follower {
  /** What the listener remembers. */
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

  /** Since when there is something that the listener has not taken, as `hand` was told it; undefined where it has taken all. */
  get behindSince(): number | undefined {
    return this.#takingSince ?? this.#pendingSince
  }

  /**
   * @param changes nothing, to have it try again
   * @param readAt when the read of the changes began
   * @returns when it has taken all that there is; rejects where it failed to
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
