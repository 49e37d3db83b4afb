import type { Clock } from '../../platform/clock.ts'
import { DomainError } from '../../platform/domain-error.ts'
import { FRESH_MS } from '../../platform/freshness.ts'
import { Poller } from '../../platform/poller.ts'
import { StorageUnavailable } from '../../platform/storage-unavailable.ts'
import type { ChangeStore } from './change.ts'
import { type ChangeListener, Follower } from './follower.ts'
import { OutOfDate } from './out-of-date.ts'

/** Where a feed begins. It must be read before the listeners load anything. */
export interface FeedStart {
  /** The newest change. */
  readonly latest: number
  /** The monotonic time at which `latest` was read. */
  readonly readAt: number
}

export async function readFeedStart(store: ChangeStore, clock: Clock): Promise<FeedStart> {
  const readAt = clock.monotonic()
  return { latest: await store.latestChange(), readAt }
}

interface FeedOptions {
  readonly store: ChangeStore
  readonly clock: Clock
  /** The listeners, by the name of the records that they hold. */
  readonly listeners: Readonly<Record<string, ChangeListener>>
  /** Listeners that may be late, since no answer depends on them. */
  readonly unhurried?: readonly ChangeListener[]
  readonly start: FeedStart
  /** Called when a read fails, and when a listener fails to take changes. */
  readonly onError: (error: unknown) => void
}

type Taking = readonly Promise<void>[]

const NEVER = Number.POSITIVE_INFINITY
/** A fraction of the second within which every process must know a change. */
const POLL_INTERVAL_MS = 200

/**
 * Polls the list of changes and passes new ones to the listeners. It also knows how outdated each listener may be. Endpoints ask it
 * before they answer; docs/decisions/0025-what-a-process-knows.md explains which of them may go on with outdated records.
 */
export class ChangeFeed {
  readonly #store: ChangeStore
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  readonly #followers: readonly Follower[]
  readonly #unhurried: readonly Follower[]
  readonly #poller: Poller
  #seq: number
  #mark: string | undefined
  #readAt: number
  /** The time of the last successful read, while the database answers but refuses to list the changes. */
  #refusedSince: number | undefined
  #reading: Promise<Taking> | undefined

  constructor({ store, clock, listeners, unhurried = [], start, onError }: FeedOptions) {
    this.#store = store
    this.#clock = clock
    this.#onError = onError
    this.#followers = Object.entries(listeners).map(([of, listener]) => new Follower(of, listener))
    this.#unhurried = unhurried.map((listener) => new Follower('', listener))
    this.#seq = start.latest
    this.#readAt = start.readAt
    this.#poller = new Poller(POLL_INTERVAL_MS, async () => void (await this.#read()), onError)
  }

  start(): void {
    this.#poller.start()
  }

  stop(): Promise<void> {
    return this.#poller.stop()
  }

  /** Reads new changes. Resolves once every listener that must not be late has taken them. Rejects if a read or listener fails. */
  async poll(): Promise<void> {
    await Promise.all(await this.#read())
  }

  /** The milliseconds of changes that each listener may have missed, by name. */
  ages(): ReadonlyMap<string, number> {
    const now = this.#clock.monotonic()
    return new Map(this.#followers.map(({ of, behindSince }) => [of, now - (behindSince ?? this.#readAt)]))
  }

  /**
   * Waits on behalf of answers that must not use outdated records, such as introspection. Usually there is nothing to wait for.
   * Otherwise it resolves once this process knows every change that is older than a second.
   * @throws StorageUnavailable or OutOfDate if it can't find out
   */
  catchUp(): Promise<void> | undefined {
    const asked = this.#clock.monotonic()
    return this.#isCurrent(asked) ? undefined : this.#catchUp(asked)
  }

  /**
   * Waits on behalf of requests that go on while the database is down, such as issuing. Usually there is nothing to wait for. If a
   * listener has failed to take a known change for a second, it resolves once the change is taken.
   * @throws as `catchUp` does
   */
  keepUp(): Promise<void> | undefined {
    return this.#isBehind() ? this.refresh() : undefined
  }

  /** Resolves once this process knows every change up to now. @throws as `catchUp` does */
  async refresh(): Promise<void> {
    // The current read may have begun before the latest change.
    await this.#reading?.catch(() => {})
    await this.poll().catch(refuse)
  }

  async #catchUp(asked: number): Promise<void> {
    await this.poll().catch(refuse)
    // The first poll may have joined a read that began too long ago. The next read begins now.
    if (!this.#isCurrent(asked)) await this.poll().catch(refuse)
    if (!this.#isCurrent(asked)) throw new OutOfDate()
  }

  #isCurrent(at: number): boolean {
    return at - Math.min(this.#readAt, this.#missedSince()) <= FRESH_MS
  }

  #isBehind(): boolean {
    const since = this.#missedSince()
    return since !== NEVER && this.#clock.monotonic() - since > FRESH_MS
  }

  /** The time since which this process knows that it has missed a change; `NEVER` if it has missed none. */
  #missedSince(): number {
    let since = this.#refusedSince ?? NEVER
    for (const { behindSince = NEVER } of this.#followers) since = Math.min(since, behindSince)
    return since
  }

  /** @returns a promise for each listener that must not be late, which resolves once it has taken the changes */
  #read(): Promise<Taking> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readNow(): Promise<Taking> {
    const readAt = this.#clock.monotonic()
    try {
      const { latest, mark, changes, missed } = await this.#store.changesSince(this.#seq, this.#mark)
      this.#seq = latest
      this.#mark = mark
      this.#readAt = readAt
      this.#refusedSince = undefined
      const handTo = (follower: Follower): Promise<void> => {
        const taken = follower.hand(missed ? 'everything' : changes, readAt)
        taken.catch(this.#onError)
        return taken
      }
      const taking = this.#followers.map(handTo)
      this.#unhurried.forEach(handTo)
      return taking
    } catch (error) {
      const isAway = error instanceof StorageUnavailable
      if (!isAway) this.#refusedSince ??= this.#readAt
      throw error
    }
  }
}

/** Turns any failure to read changes into a refusal: the request itself is not at fault. */
function refuse(error: unknown): never {
  throw error instanceof DomainError ? error : new OutOfDate(error)
}
