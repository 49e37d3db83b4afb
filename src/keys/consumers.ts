import { setImmediate as nextTurn } from 'node:timers/promises'
import { networksOf } from '../platform/addresses.ts'
import { start } from '../platform/bytes.ts'
import { cleanUp } from '../platform/clean-up.ts'
import type { Clock } from '../platform/clock.ts'
import { redactText } from '../platform/redact.ts'

/** A consumer of the key set. Address and user agent are all that tell consumers apart. */
export interface KeySetConsumer {
  readonly address: string
  readonly userAgent: string
  /** Milliseconds. */
  readonly firstSeen: number
  readonly lastSeen: number
  readonly fetches: number
}

/** Limits on the stored consumers. */
export interface ConsumerLimits {
  /** Consumers not seen since this time are forgotten. Milliseconds. */
  readonly before: number
  /** The most consumers kept. */
  readonly keep: number
}

/** Stores the consumers of one tenant. Every call rejects when the database fails. */
export interface ConsumerStore {
  /** Adds fetches to the counts of each consumer. */
  addFetches(consumers: readonly KeySetConsumer[]): Promise<void>
  /** Lists the consumers seen since a time, in milliseconds, the latest first. */
  listConsumers(since: number): Promise<readonly KeySetConsumer[]>
  /**
   * Removes at most `most` consumers, the oldest first: those of every tenant that were not seen for long, and those of this tenant
   * beyond its limit. @returns how many
   */
  pruneConsumers(limits: ConsumerLimits, most: number): Promise<number>
}

/** Anybody can fetch the key set with any user agent, so all counts are bounded. */
const LIMITS = {
  /** The most consumers that are counted between two writes. Others are ignored during a flood. */
  counted: 1_000,
  /** The most counted consumers from one network. */
  countedOfNetwork: 16,
  /** The most consumers in one write, so that no request waits long behind it. */
  written: 100,
  /** The most consumers in the database, about 2 MB. */
  kept: 10_000,
  /** A consumer that has not fetched keys for a month does not need them. Milliseconds. */
  keptFor: 30 * 24 * 3_600_000,
} as const
const LONGEST_USER_AGENT = 128

/** Counts the consumers of the key set, so that an administrator can see which have fetched a new key. */
export class KeySetConsumers {
  readonly #store: ConsumerStore
  readonly #clock: Clock
  #counted = new Map<string, KeySetConsumer>()
  #ofNetwork = new Map<string, number>()

  constructor(store: ConsumerStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  record(address: string, userAgent: string | undefined): void {
    const agent = start(redactText(userAgent ?? ''), LONGEST_USER_AGENT)
    const name = `${address} ${agent}`
    const known = this.#counted.get(name)
    if (known === undefined && !this.#hasRoomFor(address)) return
    const now = this.#clock.now()
    const { firstSeen, fetches } = known ?? { firstSeen: now, fetches: 0 }
    this.#counted.set(name, { address, userAgent: agent, firstSeen, lastSeen: now, fetches: fetches + 1 })
  }

  /** Writes the counts. If the database fails, it rejects and keeps the counts that it could not write. */
  async flush(): Promise<void> {
    const counted = [...this.#counted.values()]
    this.#counted = new Map()
    this.#ofNetwork = new Map()
    for (let from = 0; from < counted.length; from += LIMITS.written) {
      try {
        await this.#store.addFetches(counted.slice(from, from + LIMITS.written))
      } catch (error) {
        this.#takeBack(counted.slice(from))
        throw error
      }
      await nextTurn()
    }
  }

  /** Removes consumers beyond the limits. Rejects when the database fails. */
  async prune(ending?: AbortSignal): Promise<void> {
    const limits = { before: this.#clock.now() - LIMITS.keptFor, keep: LIMITS.kept }
    await cleanUp((most) => this.#store.pruneConsumers(limits, most), ending)
  }

  #hasRoomFor(address: string): boolean {
    const network = networksOf(address).own
    const ofNetwork = this.#ofNetwork.get(network) ?? 0
    if (this.#counted.size >= LIMITS.counted || ofNetwork >= LIMITS.countedOfNetwork) return false
    this.#ofNetwork.set(network, ofNetwork + 1)
    return true
  }

  #takeBack(consumers: readonly KeySetConsumer[]): void {
    for (const consumer of consumers) {
      const name = `${consumer.address} ${consumer.userAgent}`
      if (!this.#counted.has(name) && this.#counted.size < LIMITS.counted) this.#counted.set(name, consumer)
    }
  }
}
