import { redactText } from '../oauth/redact.ts'
import { cut } from '../platform/bytes.ts'
import type { Clock } from '../platform/clock.ts'

/** Somebody who fetches the key set, as far as we can tell one from another. */
export interface KeySetConsumer {
  readonly address: string
  readonly userAgent: string
  /** Milliseconds. */
  readonly firstSeen: number
  readonly lastSeen: number
  readonly fetches: number
}

export interface ConsumerStore {
  /** Adds to what is known of each; rejects when the database fails. */
  addFetches(consumers: readonly KeySetConsumer[]): Promise<void>
  /** Those seen since `time`, in milliseconds, the last one first. */
  listConsumers(since: number): Promise<readonly KeySetConsumer[]>
}

/** Consumers between two writes; of a flood of made-up ones, no more are counted. */
const MOST = 1_000
const LONGEST_USER_AGENT = 128

/** Counts who fetches the key set, so that an administrator knows who has seen a new key before it is used. */
export class KeySetConsumers {
  readonly #store: ConsumerStore
  readonly #clock: Clock
  #counted = new Map<string, KeySetConsumer>()

  constructor(store: ConsumerStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  record(address: string, userAgent: string | undefined): void {
    const agent = cut(redactText(userAgent ?? ''), LONGEST_USER_AGENT)
    const name = `${address} ${agent}`
    const known = this.#counted.get(name)
    if (known === undefined && this.#counted.size >= MOST) return
    const now = this.#clock.now()
    const { firstSeen, fetches } = known ?? { firstSeen: now, fetches: 0 }
    this.#counted.set(name, { address, userAgent: agent, firstSeen, lastSeen: now, fetches: fetches + 1 })
  }

  /** Writes what was counted. Rejects when the database fails; then it is counted on. */
  async flush(): Promise<void> {
    if (this.#counted.size === 0) return
    const counted = this.#counted
    this.#counted = new Map()
    try {
      await this.#store.addFetches([...counted.values()])
    } catch (error) {
      for (const [name, consumer] of counted) if (!this.#counted.has(name)) this.#counted.set(name, consumer)
      throw error
    }
  }
}
