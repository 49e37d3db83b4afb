import { LRUCache } from 'lru-cache'
import type { Clock } from '../../platform/clock.ts'
import { LONGEST_RECORDED } from '../../platform/text.ts'
import { CachedDocument, type CachedDocumentStatus, type FetchedDocument } from './cached-document.ts'
import { type Fault, FetchError } from './fetch-error.ts'
import { refusal } from './refusals.ts'

/** Beyond this number, the least recently used document is dropped. A document has a few hundred KB at most. */
const MOST_DOCUMENTS = 1_000

/** The state of a document from outside, without its content, for administrators. */
export interface DocumentStatus extends Omit<CachedDocumentStatus<unknown>, 'content'> {
  /** The URL or issuer under which the document was requested. */
  readonly source: string
}

/** Counts of fetches and uses of documents. */
export interface DocumentCounts {
  readonly fetches: ReadonlyMap<'fetched' | Fault, number>
  /** Uses of an expired document while its source was down. */
  readonly staleServed: number
  /** Sources whose last fetch failed. */
  readonly failing: number
}

/**
 * Documents from outside, by source. All tenants share them: a document is public, and the same for everybody who fetches it. The
 * credentials of each tenant decide which sources it trusts.
 */
export class Documents<Content> {
  readonly #clock: Clock
  readonly #load: (source: string) => Promise<FetchedDocument<Content>>
  readonly #fetches = new Map<'fetched' | Fault, number>()
  #staleServed = 0
  readonly #cached = new LRUCache<string, CachedDocument<Content>>({ max: MOST_DOCUMENTS })

  /** @param load rejects with a FetchError if the source fails */
  constructor(clock: Clock, load: (source: string) => Promise<FetchedDocument<Content>>) {
    this.#clock = clock
    this.#load = load
  }

  get counts(): DocumentCounts {
    const failing = this.status().filter(({ lastFault }) => lastFault !== undefined).length
    return { fetches: this.#fetches, staleServed: this.#staleServed, failing }
  }

  /**
   * @param patience ends the wait, but not the fetch, when it resolves; without it there is no limit
   * @throws Refusal `keys_unavailable` if no usable document is available
   */
  get(source: string, patience?: Promise<void>): Promise<Content> {
    return within(source, this.#of(source).get(), patience).catch((error: unknown) => explain(source, error))
  }

  /** Like `get`, but fetches the document anew unless the source was asked during the cool-down. */
  renew(source: string, patience?: Promise<void>): Promise<Content> {
    return within(source, this.#of(source).renew(), patience).catch((error: unknown) => explain(source, error))
  }

  /** The state of each requested source. */
  status(): readonly (DocumentStatus & { readonly content: Content | undefined })[] {
    return [...this.#cached].map(([source, cached]) => ({ source, ...cached.status() }))
  }

  #of(source: string): CachedDocument<Content> {
    const known = this.#cached.get(source)
    if (known !== undefined) return known
    const cached = new CachedDocument(
      this.#clock,
      () => this.#fetch(source),
      () => {
        this.#staleServed += 1
      },
    )
    this.#cached.set(source, cached)
    return cached
  }

  async #fetch(source: string): Promise<FetchedDocument<Content>> {
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
    throw new FetchError('timeout', source, 'the document did not arrive before the request had to be answered')
  })
  return Promise.race([work, tooLate])
}

/** @throws Refusal for a FetchError; any other error is thrown unchanged */
function explain(source: string, error: unknown): never {
  if (!(error instanceof FetchError)) throw error
  const { fault, url, message } = error
  const cut = (text: string) => text.slice(0, LONGEST_RECORDED)
  throw refusal('keys_unavailable', {
    detail: { source: cut(source), url: cut(url), fault, message },
    cause: error,
  })
}
