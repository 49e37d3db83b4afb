import type { Clock } from '../../platform/clock.ts'
import { type Fault, FetchError } from './fetch-error.ts'
import { HOUR, SECOND } from './lifetime.ts'

/** A fetched document. */
export interface FetchedDocument<Content> {
  readonly content: Content
  /** Milliseconds for which the document may be used without another fetch. */
  readonly lifetime: number
}

/** The state of a document from outside, for administrators. */
export interface CachedDocumentStatus<Content> {
  /** The last fetched document, even if it is too old to be used; undefined if none was fetched. */
  readonly content: Content | undefined
  /** Milliseconds since the epoch; undefined if there is no document. */
  readonly fetchedAt: number | undefined
  /** Milliseconds since the epoch. It may be past: an expired document is used while its source is down. */
  readonly expiresAt: number | undefined
  /** The fault of the last fetch; undefined if it succeeded. */
  readonly lastFault: { readonly fault: Fault; readonly message: string; readonly at: number } | undefined
}

interface Held<Content> extends FetchedDocument<Content> {
  /** Monotonic milliseconds. */
  readonly at: number
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number
}

/** The least milliseconds between two fetches. So a storm of unknown `kid`s costs one fetch. */
const COOL_DOWN = 30 * SECOND
/** The longest pause, in milliseconds. While a document is available, each failure after the first doubles the pause. */
const LONGEST_PAUSE = 300 * SECOND
/** Milliseconds for which an expired document is used while its source is down. */
const SERVED_STALE = 24 * HOUR
/** After this part of its lifetime, a document in use is fetched anew, before a request has to wait for it. */
const RENEWED_FROM = 0.8

/**
 * One document from outside. A fresh document is used at once. An expired one is fetched anew first, since its source may have
 * withdrawn it. Only if the source is known to be down, the expired document is used, without a wait.
 */
export class CachedDocument<Content> {
  readonly #clock: Clock
  readonly #load: () => Promise<FetchedDocument<Content>>
  readonly #onStale: () => void
  #held: Held<Content> | undefined
  #fault: { readonly error: unknown; readonly at: number } | undefined
  #failures = 0
  /** The time at which the source may be asked again. Monotonic milliseconds. */
  #restsUntil = Number.NEGATIVE_INFINITY
  #underway: Promise<void> | undefined

  /** @param load rejects with a FetchError if the source fails @param onStale called for each use of an expired document */
  constructor(clock: Clock, load: () => Promise<FetchedDocument<Content>>, onStale: () => void = () => {}) {
    this.#clock = clock
    this.#load = load
    this.#onStale = onStale
  }

  /** @throws FetchError if no usable document is available. Any other error of `load` is thrown to callers that wait for it. */
  async get(): Promise<Content> {
    const { now, age, lifetime } = this.#measure()
    if (age >= lifetime * RENEWED_FROM) {
      const renewal = this.#renewal(now)
      const isServed = age < lifetime || (this.#isKnownDown(now) && age < lifetime + SERVED_STALE)
      // This caller does not wait, so a failure of the fetch does not concern it.
      if (isServed) renewal?.catch(() => {})
      else await renewal
    }
    return this.#current()
  }

  /** Like `get`, but fetches the document anew unless the source was asked during the cool-down. */
  async renew(): Promise<Content> {
    await this.#renewal(this.#clock.monotonic())
    return this.#current()
  }

  status(): CachedDocumentStatus<Content> {
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

  /** Whether the source failed so recently that a wait for it would probably be in vain. */
  #isKnownDown(now: number): boolean {
    return this.#failures > 0 && now < this.#restsUntil + LONGEST_PAUSE
  }

  /** The current fetch, or a new one; undefined during a pause. */
  #renewal(now: number): Promise<void> | undefined {
    if (this.#underway === undefined && now >= this.#restsUntil) {
      this.#underway = this.#fetch().finally(() => {
        this.#underway = undefined
      })
    }
    return this.#underway
  }

  /** Fetches and keeps the result. A FetchError does not reject: `#current` throws it if no document is usable. */
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
      // Without any document the pause does not grow, since requests depend on the source coming back.
      const doublings = this.#held === undefined ? 0 : Math.max(0, this.#failures - 1)
      this.#restsUntil = this.#clock.monotonic() + Math.min(COOL_DOWN * 2 ** doublings, LONGEST_PAUSE)
    }
  }
}
