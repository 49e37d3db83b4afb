import type { PublicKey } from '../../crypto/jws/public-key.ts'
import type { Clock } from '../../platform/clock.ts'
import { isObject } from '../../platform/json.ts'
import type { FetchedDocument } from './cached-document.ts'
import { type DocumentCounts, type DocumentStatus, Documents } from './documents.ts'
import { type Fault, FetchError } from './fetch-error.ts'
import type { FetchedJson, JsonFetcher } from './fetch-json.ts'
import type { RemoteKeySets } from './key-sets.ts'
import { lifetimeOf } from './lifetime.ts'
import { readHttpsUrl, refuseUrl } from './url.ts'

/** Faults of the first metadata address after which the second is tried. Any other fault would affect the second, too. */
const ELSEWHERE: readonly Fault[] = ['status', 'not_json', 'redirect', 'unusable']

/** The state of an issuer's metadata, for administrators. The source is the issuer. */
export interface IssuerStatus extends DocumentStatus {
  readonly jwksUri: string | undefined
}

/** The keys of outside issuers, found through the metadata that they publish. */
export class IssuerKeys {
  readonly #keySets: RemoteKeySets
  readonly #documents: Documents<string>

  /** @param keySets may be shared with other users of key sets */
  constructor(clock: Clock, fetcher: JsonFetcher, keySets: RemoteKeySets) {
    this.#keySets = keySets
    this.#documents = new Documents(clock, (issuer) => discover(issuer, fetcher, clock))
  }

  /**
   * The keys of an issuer, as from `RemoteKeySets.keysFor`.
   * @param issuer a registered issuer. The caller must check this, since this address is fetched.
   * @param jwksUri the address of the keys, for an issuer without reachable metadata
   * @param patience as for `Documents.get`
   * @throws Refusal `keys_unavailable`
   */
  async keysFor(
    issuer: string,
    kid: string | undefined,
    jwksUri?: string,
    patience?: Promise<void>,
  ): Promise<readonly PublicKey[]> {
    return this.#keySets.keysFor(jwksUri ?? (await this.#documents.get(issuer, patience)), kid, patience)
  }

  /** The keys of an issuer, as from `RemoteKeySets.renewedKeys`. @throws Refusal `keys_unavailable` */
  async renewedKeys(issuer: string, jwksUri?: string, patience?: Promise<void>): Promise<readonly PublicKey[]> {
    return this.#keySets.renewedKeys(jwksUri ?? (await this.#documents.get(issuer, patience)), patience)
  }

  get counts(): DocumentCounts {
    return this.#documents.counts
  }

  /** The state of each issuer whose metadata was requested. `RemoteKeySets.status` lists their key sets. */
  status(): readonly IssuerStatus[] {
    return this.#documents.status().map(({ content, ...status }) => ({ ...status, jwksUri: content }))
  }
}

/** The `jwks_uri` of an issuer. @throws FetchError */
async function discover(issuer: string, fetcher: JsonFetcher, clock: Clock): Promise<FetchedDocument<string>> {
  const [first, second] = metadataUrls(issuer)
  const read = async (url: string) => readMetadata(issuer, await fetcher.get(url), fetcher, clock.now())
  try {
    return await read(first)
  } catch (error) {
    if (!(error instanceof FetchError) || !ELSEWHERE.includes(error.fault)) throw error
    // If both addresses fail, the error is about the first, which most issuers use.
    return read(second).catch((other: unknown) => {
      throw other instanceof FetchError && ELSEWHERE.includes(other.fault) ? error : other
    })
  }
}

/**
 * The two possible addresses of the metadata. The well-known path is appended to the issuer (OpenID Connect Discovery 1.0 §4), or
 * inserted before its path (RFC 8414 §3.1).
 * @throws FetchError `url_refused`
 */
function metadataUrls(issuer: string): readonly [string, string] {
  const { url, problem } = readHttpsUrl(issuer)
  if (url === undefined) throw new FetchError('url_refused', issuer, `the issuer ${problem}`)
  if (issuer.includes('?')) throw new FetchError('url_refused', issuer, 'the issuer must not have a query')
  const path = url.pathname.replace(/\/$/, '')
  return [
    `${url.origin}${path}/.well-known/openid-configuration`,
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

function readMetadata(
  issuer: string,
  { json, headers, finalUrl }: FetchedJson,
  { addresses }: JsonFetcher,
  now: number,
): FetchedDocument<string> {
  const { issuer: stated, jwks_uri: jwksUri } = isObject(json) ? json : {}
  if (typeof stated !== 'string' || typeof jwksUri !== 'string') {
    throw new FetchError('unusable', finalUrl, 'the document is not issuer metadata with issuer and jwks_uri')
  }
  // RFC 8414 §3.3: the issuer must be identical, as text.
  if (stated !== issuer) {
    const message = `the metadata are of the issuer ${JSON.stringify(stated)}, not ${JSON.stringify(issuer)}`
    throw new FetchError('issuer_mismatch', finalUrl, message)
  }
  const problem = refuseUrl(jwksUri, addresses)
  if (problem !== undefined) throw new FetchError('url_refused', finalUrl, `its jwks_uri ${problem}`)
  return { content: jwksUri, lifetime: lifetimeOf(headers, now) }
}
