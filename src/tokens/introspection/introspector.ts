import { LRUCache } from 'lru-cache'
import type { ChangeFeed } from '../../model/changes/feed.ts'
import type { Client } from '../../model/client.ts'
import type { Directory } from '../../model/directory/directory.ts'
import { Shapes } from '../../model/directory/shapes.ts'
import type { Audience } from '../../oauth/ids.ts'
import { isSameUri } from '../../oauth/uri.ts'
import { createBatch } from '../../platform/batch.ts'
import { approximateBytes } from '../../platform/bytes.ts'
import type { Revocations } from '../revocation/revocations.ts'
import { audiencesOf, isAlive, issuedAt, type VerifiedToken, type Verifier, verifyToken } from '../verify.ts'
import { refusal } from './refusals.ts'

/** The most tokens whose verification is remembered, about 2 KB each, and the bytes for all of them. */
const REMEMBERED = { most: 10_000, bytes: 32 * 1024 * 1024 }
/** A younger token may belong to a client that this process does not know yet. It allows for clock differences. Milliseconds. */
const YOUNG_MS = 60_000

interface IntrospectorOptions {
  readonly verifier: Verifier
  readonly changes: Pick<ChangeFeed, 'catchUp' | 'refresh'>
  readonly directory: Pick<Directory, 'client' | 'apis'>
  readonly revocations: Revocations
}

/**
 * Introspects tokens of one tenant (RFC 7662). The signature of a token is verified once; everything else is checked each time.
 */
export class TokenIntrospector {
  readonly #options: IntrospectorOptions
  readonly #inBatch = createBatch()
  readonly #shapes = new Shapes()
  readonly #verified = new LRUCache<string, VerifiedToken>({
    max: REMEMBERED.most,
    maxSize: REMEMBERED.bytes,
    sizeCalculation: (verified, token) => approximateBytes([token, verified], (names) => this.#shapes.bytesOf(names)),
  })

  constructor(options: IntrospectorOptions) {
    this.#options = options
  }

  /**
   * Returns the token if it is active and the client may see it. In all other cases the result is undefined, without a reason
   * (RFC 7662 §2.2).
   * @throws Refusal `introspection_not_allowed` for a client that may not introspect; StorageUnavailable, OutOfDate, KeyUnusable or
   *   RecordUnreadable if this process can't know
   */
  async introspect({ introspects }: Client, token: string): Promise<VerifiedToken | undefined> {
    if (introspects !== 'all' && introspects.length === 0) throw refusal('introspection_not_allowed')
    return this.introspectFor(introspects, token)
  }

  /**
   * Returns the token if it is active and for one of these APIs.
   * @throws StorageUnavailable, OutOfDate, KeyUnusable or RecordUnreadable as `introspect`
   */
  async introspectFor(introspects: readonly Audience[] | 'all', token: string): Promise<VerifiedToken | undefined> {
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
    // The issuing process may know a change that this process has not read yet.
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
