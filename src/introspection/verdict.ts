/**
 * What a token is worth to who asks: the one answer behind the introspection endpoint and PingFederate's validation
 * grant. May import `oauth`, `platform`, `changes`, `directory`, `tokens`, `revocation`.
 */

import { LRUCache } from 'lru-cache'
import type { ChangeFeed } from '../changes/feed.ts'
import type { Client } from '../directory/client.ts'
import { OAuthError } from '../oauth/error.ts'
import { createBatch } from '../platform/batch.ts'
import type { Revocations } from '../revocation/revocations.ts'
import { isAlive, type VerifiedToken, type Verifier, verifyToken } from '../tokens/verify.ts'

/** Tokens whose signature was found good; some 2 KB each. */
const REMEMBERED = 10_000

/** Judges tokens. A token that was verified is known again without its signature's being checked; all else is, each time. */
export class Judge {
  readonly #verifier: Verifier
  readonly #changes: Pick<ChangeFeed, 'catchUp'>
  readonly #revocations: Revocations
  readonly #inBatch = createBatch()
  readonly #verified = new LRUCache<string, VerifiedToken>({ max: REMEMBERED })

  constructor(verifier: Verifier, changes: Pick<ChangeFeed, 'catchUp'>, revocations: Revocations) {
    this.#verifier = verifier
    this.#changes = changes
    this.#revocations = revocations
  }

  /**
   * The token, where it is alive and `client` may see it; undefined for all else, with nothing to tell why.
   * @throws OAuthError `introspection_not_allowed` for a client that may see none; `storage_unavailable`, `out_of_date` or
   *   `key_unusable` where this process can't know
   */
  async judge(client: Client, token: string): Promise<VerifiedToken | undefined> {
    const { introspects } = client
    if (introspects !== 'all' && introspects.length === 0) throw new OAuthError('introspection_not_allowed')
    await this.#changes.catchUp()
    const verified = await this.#inBatch(() => this.#verify(token))
    if (verified === undefined) return undefined
    const { aud } = verified.claims
    const audiences = typeof aud === 'string' ? [aud] : aud
    const mayIntrospect = introspects === 'all' || audiences.some((audience) => introspects.includes(audience))
    return mayIntrospect && !(await this.#revocations.isRevoked(verified)) ? verified : undefined
  }

  #verify(token: string): VerifiedToken | undefined {
    const known = this.#verified.get(token)
    if (known !== undefined) return isAlive(this.#verifier, known) ? known : undefined
    const verified = verifyToken(this.#verifier, token)
    if (verified !== undefined) this.#verified.set(token, verified)
    return verified
  }
}
