import { KeyError } from '../../crypto/jws/key-error.ts'
import { type KeySet, type PublicKey, parseKeySet } from '../../crypto/jws/public-key.ts'
import type { Clock } from '../../platform/clock.ts'
import { type DocumentCounts, type DocumentStatus, Documents } from './documents.ts'
import { FetchError } from './fetch-error.ts'
import type { FetchedJson, JsonFetcher } from './fetch-json.ts'
import { lifetimeOf } from './lifetime.ts'
import type { Loaded } from './remembered.ts'

/** What an administrator sees of a key set; its source is the URL. */
export interface KeySetStatus extends DocumentStatus {
  /** How many keys are good for checking signatures. */
  readonly keys: number
  /** Why each of the others is not. */
  readonly ignored: readonly string[]
}

/** JWK sets (RFC 7517 §5) that others publish: fetched, and remembered for as long as their sources say. */
export class RemoteKeySets {
  readonly #documents: Documents<KeySet>

  constructor(clock: Clock, fetcher: JsonFetcher) {
    this.#documents = new Documents(clock, async (url) => readKeySet(await fetcher.get(url), clock.now()))
  }

  /**
   * The keys at a URL, whichever are good for checking signatures. Where none has the `kid` asked for, the source is asked
   * again, unless it was within the cool-down; the keys that come back need not have it.
   * @param patience as for `Documents.get`
   * @throws Refusal `keys_unavailable`
   */
  async keysFor(url: string, kid: string | undefined, patience?: Promise<void>): Promise<readonly PublicKey[]> {
    const { keys } = await this.#documents.get(url, patience)
    return kid === undefined || keys.some((key) => key.kid === kid) ? keys : this.renewedKeys(url, patience)
  }

  /**
   * The keys at a URL, asked for again unless they were within the cool-down: for a signature that none of them fits,
   * though its `kid` is theirs or it has none. The same array where nothing was fetched.
   * @throws Refusal `keys_unavailable`
   */
  async renewedKeys(url: string, patience?: Promise<void>): Promise<readonly PublicKey[]> {
    return (await this.#documents.renew(url, patience)).keys
  }

  get counts(): DocumentCounts {
    return this.#documents.counts
  }

  /** One for each URL that was asked for. */
  status(): readonly KeySetStatus[] {
    return this.#documents.status().map(({ content, ...status }) => ({
      ...status,
      keys: content?.keys.length ?? 0,
      ignored: content?.ignored ?? [],
    }))
  }
}

/** @throws FetchError `unusable` where the document is no JWK set */
function readKeySet({ json, headers, finalUrl }: FetchedJson, now: number): Loaded<KeySet> {
  try {
    return { content: parseKeySet(json), lifetime: lifetimeOf(headers, now) }
  } catch (error) {
    if (!(error instanceof KeyError)) throw error
    throw new FetchError('unusable', finalUrl, `the document is no key set: ${error.message}`, error)
  }
}
