/** Tells this process, within a second, what any process on the database has changed. May import `platform`. */

import { Poller } from '../platform/poller.ts'

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

/** Something that remembers what is in the database. */
export interface ChangeListener {
  apply(changes: readonly Change[]): Promise<void>
  /** Called in place of `apply` where changes were missed: everything remembered may be old. */
  reset(): Promise<void>
}

/** A fraction of the second within which every process must know. */
const POLL_INTERVAL_MS = 200

/** Polls the list of changes and hands what is new to the listeners. */
export class ChangeFeed {
  readonly #store: ChangeStore
  readonly #listeners: readonly ChangeListener[]
  readonly #poller: Poller
  #seq: number

  /**
   * @param since the newest change before the listeners read anything: `await store.latestChange()`
   * @param onError told of each poll that fails; the next one asks for the same changes again
   */
  constructor(
    store: ChangeStore,
    listeners: readonly ChangeListener[],
    since: number,
    onError: (error: unknown) => void,
  ) {
    this.#store = store
    this.#listeners = listeners
    this.#seq = since
    this.#poller = new Poller(POLL_INTERVAL_MS, () => this.poll(), onError)
  }

  start(): void {
    this.#poller.start()
  }

  /** Reads and hands on what is new. Rejects, having handed on nothing for good, when the database fails. */
  async poll(): Promise<void> {
    const { latest, changes, missed } = await this.#store.changesSince(this.#seq)
    if (missed) await Promise.all(this.#listeners.map((listener) => listener.reset()))
    else if (changes.length > 0) await Promise.all(this.#listeners.map((listener) => listener.apply(changes)))
    this.#seq = latest
  }

  stop(): Promise<void> {
    return this.#poller.stop()
  }
}
