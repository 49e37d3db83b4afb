/** Tells this process, within a second, what any process on the database has changed. May import `oauth`, `platform`. */

import { OAuthError } from '../oauth/error.ts'
import type { Clock } from '../platform/clock.ts'
import { FRESH_MS } from '../platform/freshness.ts'
import { Poller } from '../platform/poller.ts'
import { type ChangeListener, Follower } from './follower.ts'

export const changeKinds = ['client', 'api', 'key'] as const

/** One thing that was written: readers drop what they remember of it. */
export interface Change {
  readonly kind: (typeof changeKinds)[number]
  readonly id: string
}

/** Where changes are listed, in the order in which they were committed. Every call rejects when the database fails. */
export interface ChangeStore {
  /** The number of the newest change, 0 where there is none. */
  latestChange(): Promise<number>
  /** What came after change number `seq`; `missed` where some of it is no longer listed, or can't be read. */
  changesSince(
    seq: number,
  ): Promise<{ readonly latest: number; readonly changes: readonly Change[]; readonly missed: boolean }>
}

interface FeedOptions {
  readonly store: ChangeStore
  readonly clock: Clock
  /** By what they remember. */
  readonly listeners: Readonly<Record<string, ChangeListener>>
  /** The newest change before the listeners read anything: `await store.latestChange()`. */
  readonly since: number
  /** When that was asked for, by the monotonic clock. */
  readonly sinceTime: number
  /** Told of each read that fails, and of each listener that fails to take what was read. */
  readonly onError: (error: unknown) => void
}

type Taking = readonly Promise<void>[]

const NEVER = Number.POSITIVE_INFINITY
/** A fraction of the second within which every process must know. */
const POLL_INTERVAL_MS = 200

/**
 * Polls the list of changes and hands what is new to the listeners. It knows how old what each remembers may be:
 * docs/decisions/0020-what-a-process-knows.md says who must not answer by what is too old.
 */
export class ChangeFeed {
  readonly #store: ChangeStore
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  readonly #followers: readonly Follower[]
  readonly #poller: Poller
  #seq: number
  #readAt: number
  /** Since when nothing is known, where the database answers that the changes can't be read, rather than not at all. */
  #refusedSince: number | undefined
  #reading: Promise<Taking> | undefined

  constructor({ store, clock, listeners, since, sinceTime, onError }: FeedOptions) {
    this.#store = store
    this.#clock = clock
    this.#onError = onError
    this.#followers = Object.entries(listeners).map(([of, listener]) => new Follower(of, listener))
    this.#seq = since
    this.#readAt = sinceTime
    this.#poller = new Poller(POLL_INTERVAL_MS, async () => void (await this.#read()), onError)
  }

  start(): void {
    this.#poller.start()
  }

  stop(): Promise<void> {
    return this.#poller.stop()
  }

  /** Reads what is new and resolves once every listener has taken it. Rejects where that can't be read, or taken. */
  async poll(): Promise<void> {
    await Promise.all(await this.#read())
  }

  /** What is remembered, and for how many milliseconds this process may not have known what was changed of it. */
  ages(): ReadonlyMap<string, number> {
    const now = this.#clock.monotonic()
    return new Map(this.#followers.map(({ of, behindSince }) => [of, now - (behindSince ?? this.#readAt)]))
  }

  /**
   * For what must not be answered by what may be old. Nothing to wait for, mostly; resolves once this process knows all that was
   * so a second before it was asked.
   * @throws OAuthError `storage_unavailable` or `out_of_date` where it can't
   */
  catchUp(): Promise<void> | undefined {
    const asked = this.#clock.monotonic()
    return this.#isCurrent(asked) ? undefined : this.#catchUp(asked)
  }

  /**
   * For what goes on without the database, by what was so when it was last there. Nothing to wait for, mostly; where this
   * process knows that something was changed and has not taken that for a second, resolves once it has.
   * @throws OAuthError as `catchUp` does
   */
  keepUp(): Promise<void> | undefined {
    return this.#isBehind() ? this.refresh() : undefined
  }

  /** Resolves once this process knows all that was so when it was asked. @throws OAuthError as `catchUp` does */
  async refresh(): Promise<void> {
    // A read that is under way may have begun too early.
    await this.#reading?.catch(() => {})
    await this.poll().catch(refuse)
  }

  async #catchUp(asked: number): Promise<void> {
    await this.poll().catch(refuse)
    // A read that was under way may have begun too long ago: the next one begins now.
    if (!this.#isCurrent(asked)) await this.poll().catch(refuse)
    if (!this.#isCurrent(asked)) throw new OAuthError('out_of_date')
  }

  #isCurrent(at: number): boolean {
    return at - Math.min(this.#readAt, this.#missedSince()) <= FRESH_MS
  }

  #isBehind(): boolean {
    const since = this.#missedSince()
    return since !== NEVER && this.#clock.monotonic() - since > FRESH_MS
  }

  /** Since when there is something that this process knows to have missed. */
  #missedSince(): number {
    let since = this.#refusedSince ?? NEVER
    for (const { behindSince = NEVER } of this.#followers) since = Math.min(since, behindSince)
    return since
  }

  /** @returns what each listener takes of it */
  #read(): Promise<Taking> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readNow(): Promise<Taking> {
    const readAt = this.#clock.monotonic()
    try {
      const { latest, changes, missed } = await this.#store.changesSince(this.#seq)
      this.#seq = latest
      this.#readAt = readAt
      this.#refusedSince = undefined
      const taking = this.#followers.map((follower) => follower.hand(missed ? 'everything' : changes, readAt))
      for (const taken of taking) taken.catch(this.#onError)
      return taking
    } catch (error) {
      const isAway = error instanceof OAuthError && error.reason === 'storage_unavailable'
      if (!isAway) this.#refusedSince ??= this.#readAt
      throw error
    }
  }
}

/** Whatever keeps this process from knowing is no defect of the request that it can't answer. */
function refuse(error: unknown): never {
  throw error instanceof OAuthError ? error : new OAuthError('out_of_date', { cause: error })
}
