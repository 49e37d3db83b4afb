import type { Clock } from '../../platform/clock.ts'
import { type Fault, FetchError } from './fetch-error.ts'
import { HOUR, SECOND } from './lifetime.ts'

/** Something that was fetched. */
export interface Loaded<Content> {
  readonly content: Content
  /** Milliseconds for which it may be used without asking again. */
  readonly lifetime: number
}

/** What an administrator sees of a document from outside. */
export interface RememberedStatus<Content> {
  /** The last that was fetched, whether or not it may serve still; undefined where there was none. */
  readonly content: Content | undefined
  /** Milliseconds since the epoch; undefined where there is no document. */
  readonly fetchedAt: number | undefined
  /** Milliseconds since the epoch; past where the source is down and what it said before still serves. */
  readonly expiresAt: number | undefined
  /** What went wrong the last time that the source was asked; undefined where nothing did. */
  readonly lastFault: { readonly fault: Fault; readonly message: string; readonly at: number } | undefined
}

interface Held<Content> extends Loaded<Content> {
  /** Of the monotonic clock. */
  readonly at: number
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number
}

/** Milliseconds between two fetches at the least, whatever is asked for: a storm of unknown `kid`s costs one fetch. */
const COOL_DOWN = 30 * SECOND
/** Milliseconds; each failure after the first doubles the pause, up to this, for as long as there is something to serve. */
const LONGEST_PAUSE = 300 * SECOND
/** Milliseconds after its expiry for which a document serves while its source is down. */
const SERVED_STALE = 24 * HOUR
/** From this part of its lifetime on, a document in use is fetched anew before anybody has to wait for it. */
const RENEWED_FROM = 0.8

/**
 * One document from outside. A fresh one answers at once. An expired one is asked for again before it counts, as what the
 * source has withdrawn must not; only where the source is known to be down does the old one serve, without a wait.
 */
export class Remembered<Content> {
  readonly #clock: Clock
  readonly #load: () => Promise<Loaded<Content>>
  readonly #onStale: () => void
  #held: Held<Content> | undefined
  #fault: { readonly error: unknown; readonly at: number } | undefined
  #failures = 0
  /** Of the monotonic clock: when the source may be asked again. */
  #restsUntil = Number.NEGATIVE_INFINITY
  #underway: Promise<void> | undefined

  /** @param load rejects with a FetchError where the source fails @param onStale told of each use of an expired document */
  constructor(clock: Clock, load: () => Promise<Loaded<Content>>, onStale: () => void = () => {}) {
    this.#clock = clock
    this.#load = load
    this.#onStale = onStale
  }

  /** @throws FetchError where there is nothing that may serve; what `load` rejects with beside that, if anybody waits for it */
  async get(): Promise<Content> {
    const { now, age, lifetime } = this.#measure()
    if (age >= lifetime * RENEWED_FROM) {
      const renewal = this.#renewal(now)
      const isServed = age < lifetime || (this.#isKnownDown(now) && age < lifetime + SERVED_STALE)
      // Rejections are for those who wait.
      if (isServed) renewal?.catch(() => {})
      else await renewal
    }
    return this.#current()
  }

  /** The same, but asked for again first, if the source was left alone for the cool-down. */
  async renew(): Promise<Content> {
    await this.#renewal(this.#clock.monotonic())
    return this.#current()
  }

  status(): RememberedStatus<Content> {
    const { error, at } = this.#fault ?? {}
    return {
      content: this.#held?.content,
      fetchedAt: this.#held?.fetchedAt,
      expiresAt: this.#held && this.#held.fetchedAt + this.#held.lifetime,
      lastFault:
        at === undefined
          ? undefined
          : error instanceof FetchError
            ? { fault: error.fault, message: error.message, at }
            : { fault: 'unusable', message: `a defect: ${String(error)}`, at },
    }
  }

  #measure() {
    const now = this.#clock.monotonic()
    const held = this.#held
    return { now, age: held === undefined ? Number.POSITIVE_INFINITY : now - held.at, lifetime: held?.lifetime ?? 0 }
  }

  #current(): Content {
    const { age, lifetime } = this.#measure()
    if (this.#held !== undefined && age < lifetime + SERVED_STALE) {
      if (age >= lifetime) this.#onStale()
      return this.#held.content
    }
    throw this.#fault?.error
  }

  /** Whether the source failed so lately that waiting for it would be in vain. */
  #isKnownDown(now: number): boolean {
    return this.#failures > 0 && now < this.#restsUntil + LONGEST_PAUSE
  }

  /** The fetch that is under way, or one begun now; undefined where the source is left alone. */
  #renewal(now: number): Promise<void> | undefined {
    if (this.#underway === undefined && now >= this.#restsUntil) {
      this.#underway = this.#fetch().finally(() => {
        this.#underway = undefined
      })
    }
    return this.#underway
  }

  /** Keeps what comes of it. Rejects with a defect only: a FetchError is for `#current` to throw, where nothing serves. */
  async #fetch(): Promise<void> {
    try {
      const loaded = await this.#load()
      this.#held = { ...loaded, at: this.#clock.monotonic(), fetchedAt: this.#clock.now() }
      this.#fault = undefined
      this.#failures = 0
    } catch (error) {
      this.#fault = { error, at: this.#clock.now() }
      this.#failures += 1
      if (!(error instanceof FetchError)) throw error
    } finally {
      // Who has nothing at all is waiting for the source to come back.
      const doublings = this.#held === undefined ? 0 : Math.max(0, this.#failures - 1)
      this.#restsUntil = this.#clock.monotonic() + Math.min(COOL_DOWN * 2 ** doublings, LONGEST_PAUSE)
    }
  }
}
