import { LRUCache } from 'lru-cache'
import { OAuthError } from '../../oauth/error.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Fault, FetchError } from './fetch-error.ts'
import { type Loaded, Remembered, type RememberedStatus } from './remembered.ts'

/** What is used least is forgotten beyond this many: each document is at most some hundred KB. */
const MOST_DOCUMENTS = 1_000
const LONGEST_DETAIL = 256

/** What an administrator sees of a document from outside, beside what is in it. */
export interface DocumentStatus extends Omit<RememberedStatus<unknown>, 'content'> {
  /** What it was asked for by: a URL, or an issuer. */
  readonly source: string
}

/** What came of fetching documents, and of using them. */
export interface DocumentCounts {
  readonly fetches: ReadonlyMap<'fetched' | Fault, number>
  /** Uses of an expired document, its source being down. */
  readonly staleServed: number
  /** Sources that failed when they were asked last. */
  readonly failing: number
}

/**
 * Documents from outside, by where they come from. All tenants share them: a document is public and the same for everybody who fetches
 * it. Which sources a tenant trusts is said by its own credentials.
 */
export class Documents<Content> {
  readonly #clock: Clock
  readonly #load: (source: string) => Promise<Loaded<Content>>
  readonly #fetches = new Map<'fetched' | Fault, number>()
  #staleServed = 0
  readonly #remembered = new LRUCache<string, Remembered<Content>>({ max: MOST_DOCUMENTS })

  /** @param load rejects with a FetchError where the source fails */
  constructor(clock: Clock, load: (source: string) => Promise<Loaded<Content>>) {
    this.#clock = clock
    this.#load = load
  }

  get counts(): DocumentCounts {
    const failing = this.status().filter(({ lastFault }) => lastFault !== undefined).length
    return { fetches: this.#fetches, staleServed: this.#staleServed, failing }
  }

  /**
   * @param patience ends the wait, but not the fetch, when it resolves; without it there is no limit
   * @throws OAuthError `keys_unavailable` if no usable document is available
   */
  get(source: string, patience?: Promise<void>): Promise<Content> {
    return within(source, this.#of(source).get(), patience).catch((error: unknown) => explain(source, error))
  }

  /** The same, but asked for again first, if the source was left alone for the cool-down. */
  renew(source: string, patience?: Promise<void>): Promise<Content> {
    return within(source, this.#of(source).renew(), patience).catch((error: unknown) => explain(source, error))
  }

  /** One for each source that was asked for. */
  status(): readonly (DocumentStatus & { readonly content: Content | undefined })[] {
    return [...this.#remembered].map(([source, remembered]) => ({ source, ...remembered.status() }))
  }

  #of(source: string): Remembered<Content> {
    const known = this.#remembered.get(source)
    if (known !== undefined) return known
    const remembered = new Remembered(
      this.#clock,
      () => this.#fetch(source),
      () => {
        this.#staleServed += 1
      },
    )
    this.#remembered.set(source, remembered)
    return remembered
  }

  async #fetch(source: string): Promise<Loaded<Content>> {
    try {
      const loaded = await this.#load(source)
      this.#count('fetched')
      return loaded
    } catch (error) {
      this.#count(error instanceof FetchError ? error.fault : 'unusable')
      throw error
    }
  }

  #count(result: 'fetched' | Fault): void {
    this.#fetches.set(result, (this.#fetches.get(result) ?? 0) + 1)
  }
}

/** The result of `work`, unless patience ends first. */
function within<Content>(
  source: string,
  work: Promise<Content>,
  patience: Promise<void> | undefined,
): Promise<Content> {
  if (patience === undefined) return work
  const tooLate = patience.then(() => {
    throw new FetchError('timeout', source, 'it was being fetched when the request that needs it had to be answered')
  })
  // A later failure of `work` is ignored here.
  for (const promise of [work, tooLate]) promise.catch(() => {})
  return Promise.race([work, tooLate])
}

/** @throws OAuthError for a FetchError, or whatever else it is as it is */
function explain(source: string, error: unknown): never {
  if (!(error instanceof FetchError)) throw error
  const { fault, url, message } = error
  const cut = (text: string) => text.slice(0, LONGEST_DETAIL)
  throw new OAuthError('keys_unavailable', {
    detail: { source: cut(source), url: cut(url), fault, message },
    cause: error,
  })
}
