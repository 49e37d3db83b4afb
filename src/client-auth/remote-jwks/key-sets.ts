import { KeyError } from '../../crypto/jws/key-error.ts'
import { type KeySet, type PublicKey, parseKeySet } from '../../crypto/jws/public-key.ts'
import type { Clock } from '../../platform/clock.ts'
import type { FetchedDocument } from './cached-document.ts'
import { type DocumentCounts, type DocumentStatus, Documents } from './documents.ts'
import { FetchError } from './fetch-error.ts'
import type { FetchedJson, JsonFetcher } from './fetch-json.ts'
import { lifetimeOf } from './lifetime.ts'

/** The state of a key set, for administrators. The source is the URL. */
export interface KeySetStatus extends DocumentStatus {
  /** The number of keys that can verify signatures. */
  readonly keys: number
  /** The reason for each of the other keys. */
  readonly ignored: readonly string[]
}

/** JWK sets (RFC 7517 §5) that others publish. They are fetched and kept for as long as their sources say. */
export class RemoteKeySets {
  readonly #documents: Documents<KeySet>

  constructor(clock: Clock, fetcher: JsonFetcher) {
    this.#documents = new Documents(clock, async (url) => readKeySet(await fetcher.get(url), clock.now()))
  }

  /**
   * The keys at a URL that can verify signatures. If none has the given `kid`, the set is fetched anew, unless the source was asked
   * during the cool-down. The result may still lack the `kid`.
   * @param patience as for `Documents.get`
   * @throws Refusal `keys_unavailable`
   */
  async keysFor(url: string, kid: string | undefined, patience?: Promise<void>): Promise<readonly PublicKey[]> {
    const { keys } = await this.#documents.get(url, patience)
    return kid === undefined || keys.some((key) => key.kid === kid) ? keys : this.renewedKeys(url, patience)
  }

  /**
   * The keys at a URL, fetched anew unless the source was asked during the cool-down. Callers use this if no known key verifies a
   * signature that has a known `kid` or none. If nothing was fetched, the same array is returned.
   * @throws Refusal `keys_unavailable`
   */
  async renewedKeys(url: string, patience?: Promise<void>): Promise<readonly PublicKey[]> {
    return (await this.#documents.renew(url, patience)).keys
  }

  get counts(): DocumentCounts {
    return this.#documents.counts
  }

  /** The state of each requested URL. */
  status(): readonly KeySetStatus[] {
    return this.#documents.status().map(({ content, ...status }) => ({
      ...status,
      keys: content?.keys.length ?? 0,
      ignored: content?.ignored ?? [],
    }))
  }
}

/** @throws FetchError `unusable` if the document is not a JWK set */
function readKeySet({ json, headers, finalUrl }: FetchedJson, now: number): FetchedDocument<KeySet> {
  try {
    return { content: parseKeySet(json), lifetime: lifetimeOf(headers, now) }
  } catch (error) {
    if (!(error instanceof KeyError)) throw error
    throw new FetchError('unusable', finalUrl, `the document is not a key set: ${error.message}`, error)
  }
}
