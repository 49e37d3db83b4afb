import { LRUCache } from 'lru-cache'
import type { ChangeFeed } from '../../model/changes/feed.ts'
import type { Client } from '../../model/client.ts'
import type { Directory } from '../../model/directory/directory.ts'
import { OAuthError } from '../../oauth/error.ts'
import type { Audience } from '../../oauth/ids.ts'
import { isSameUri } from '../../oauth/uri.ts'
import { createBatch } from '../../platform/batch.ts'
import type { Revocations } from '../revocation/revocations.ts'
import { audiencesOf, isAlive, issuedAt, type VerifiedToken, type Verifier, verifyToken } from '../verify.ts'

/** Tokens whose signature was found good; some 2 KB each. */
const REMEMBERED = 10_000
/** A younger token may belong to a client that this process does not know yet. Clocks of nodes may differ. Milliseconds. */
const YOUNG_MS = 60_000

interface JudgeOptions {
  readonly verifier: Verifier
  readonly changes: Pick<ChangeFeed, 'catchUp' | 'refresh'>
  readonly directory: Pick<Directory, 'client' | 'apis'>
  readonly revocations: Revocations
}

/**
 * Judges tokens of one tenant, whose keys have signed those that it remembers. A remembered token's signature is not checked again;
 * everything else about it is checked each time.
 */
export class Judge {
  readonly #options: JudgeOptions
  readonly #inBatch = createBatch()
  readonly #verified = new LRUCache<string, VerifiedToken>({ max: REMEMBERED })

  constructor(options: JudgeOptions) {
    this.#options = options
  }

  /**
   * The token, where it is alive and `client` may see it; undefined for all else, with nothing to tell why.
   * @throws OAuthError `introspection_not_allowed` for a client that may not introspect; `storage_unavailable`, `out_of_date`,
   *   `key_unusable` or `record_unreadable` where this process can't know
   */
  async judge({ introspects }: Client, token: string): Promise<VerifiedToken | undefined> {
    if (introspects !== 'all' && introspects.length === 0) throw new OAuthError('introspection_not_allowed')
    const { changes, revocations } = this.#options
    await changes.catchUp()
    const verified = await this.#inBatch(() => this.#verify(token))
    if (verified === undefined) return undefined
    const isListed = (audience: string) => introspects === 'all' || introspects.some((one) => isSameUri(one, audience))
    const seen = audiencesOf(verified).filter(isListed)
    if (seen.length === 0 || (await revocations.isRevoked(verified))) return undefined
    return (await this.#stands(verified, seen)) ? verified : undefined
  }

  #verify(token: string): VerifiedToken | undefined {
    const { verifier } = this.#options
    const known = this.#verified.get(token)
    if (known !== undefined) return isAlive(verifier, known) ? known : undefined
    const verified = verifyToken(verifier, token)
    if (verified !== undefined) this.#verified.set(token, verified)
    return verified
  }

  /** Whether the token's client still exists and is enabled, and one of these APIs still exists. */
  async #stands(token: VerifiedToken, audiences: readonly Audience[]): Promise<boolean> {
    if (await this.#isKnownToStand(token, audiences)) return true
    const { changes, verifier } = this.#options
    // The node that issued the token may know a change that this process has not read yet.
    if (verifier.clock.now() - issuedAt(token) >= YOUNG_MS) return false
    await changes.refresh()
    return this.#isKnownToStand(token, audiences)
  }

  async #isKnownToStand({ claims }: VerifiedToken, audiences: readonly Audience[]): Promise<boolean> {
    const { apis } = this.#options.directory
    // An API whose record can't be read still exists.
    const isThere = (audience: Audience) =>
      apis.get(audience) !== undefined || apis.unreadableOf(audience) !== undefined
    if (!audiences.some(isThere)) return false
    const owner = this.#options.directory.client(claims.client_id)
    return (owner instanceof Promise ? await owner : owner)?.enabled === true
  }
}
