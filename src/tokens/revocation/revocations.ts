import type { Jti } from '../../oauth/ids.ts'
import { BelievedTime } from '../../platform/believed-time.ts'
import { cleanUp } from '../../platform/clean-up.ts'
import type { Clock } from '../../platform/clock.ts'
import { FRESH_MS } from '../../platform/freshness.ts'
import { uuidv7Time } from '../../platform/random.ts'
import type { OnUnreadable } from '../../platform/unreadable.ts'
import { audiencesOf, issuedAt, type VerifiedToken } from '../verify.ts'
import type { Revocation, RevocationStore } from './store.ts'

const PAGE = 10_000
/** Tokens that were issued in the same ten minutes are forgotten together, so that no entry needs its own time. */
const BUCKET_MS = 600_000

interface Bucket {
  readonly ids: Set<string>
  /** The time at which the last of these tokens has expired. Milliseconds. */
  expiresAt: number
}
/** The most individually revoked tokens in memory, under 200 MB. If there are more, the database is asked. */
const MOST_KEPT = 1_000_000

interface RevocationOptions {
  /** Called for each record that can't be read. */
  readonly onUnreadable?: OnUnreadable
  readonly mostKept?: number
}

export class Revocations {
  readonly #store: RevocationStore
  readonly #clock: Clock
  readonly #onUnreadable: OnUnreadable
  readonly #mostKept: number
  /** Decides when a revocation is forgotten. If the clock were set back, an expired token would be valid again. */
  readonly #time: BelievedTime
  /** Revoked tokens, by the ten minutes in which they were issued. */
  readonly #tokens = new Map<number, Bucket>()
  #kept = 0
  /** The time until which the database is asked about tokens that are not in memory. Milliseconds. */
  #incompleteUntil = 0
  /** Revocations of all tokens issued up to a time, by kind and id. */
  readonly #issuedBefore = new Map<string, Extract<Revocation, { issuedBefore: number }>>()
  #latest = 0
  #mark: string | undefined
  #freshAt = Number.NEGATIVE_INFINITY
  #polling: Promise<void> | undefined

  /** Loads all revocations. Rejects when the store fails. */
  static async open(store: RevocationStore, clock: Clock, options: RevocationOptions = {}): Promise<Revocations> {
    const revocations = new Revocations(store, clock, options)
    await revocations.poll()
    return revocations
  }

  private constructor(
    store: RevocationStore,
    clock: Clock,
    { onUnreadable = () => {}, mostKept = MOST_KEPT }: RevocationOptions,
  ) {
    this.#store = store
    this.#clock = clock
    this.#onUnreadable = onUnreadable
    this.#mostKept = mostKept
    this.#time = new BelievedTime(clock)
  }

  /** Reads new revocations. Rejects when the database fails. */
  poll(): Promise<void> {
    this.#polling ??= this.#read().finally(() => {
      this.#polling = undefined
    })
    return this.#polling
  }

  /** Milliseconds of revocations that this process may have missed. */
  get age(): number {
    return this.#clock.monotonic() - this.#freshAt
  }

  /** Resolves once this process knows every revocation that is older than a second. Rejects when the database fails. */
  async catchUp(): Promise<void> {
    const asked = this.#clock.monotonic()
    if (asked - this.#freshAt > FRESH_MS) await this.poll()
    // The poll may have joined a read that began too long ago. The next read begins now and sees all revocations.
    if (asked - this.#freshAt > FRESH_MS) await this.poll()
  }

  /**
   * Whether a token was revoked by any process.
   * @throws StorageUnavailable if this process can't know, since a wrong answer would be worse
   */
  async isRevoked(token: VerifiedToken): Promise<boolean> {
    await this.catchUp()
    const { claims, kid } = token
    const at = issuedAt(token)
    if (this.#has(claims.jti)) return true
    const audiences = audiencesOf(token).map((audience) => `api ${audience}`)
    const concerned = [`client ${claims.client_id}`, `key ${kid}`, ...audiences]
    if (concerned.some((name) => at <= (this.#issuedBefore.get(name)?.issuedBefore ?? -1))) return true
    return this.#incompleteUntil > this.#clock.now() && this.#store.isTokenRevoked(claims.jti)
  }

  /** Stores a revocation. This process applies it at once. Rejects if it could not be stored. */
  async revoke(revocation: Revocation): Promise<void> {
    // It is already stored. A client that revokes the same token again adds nothing.
    if (revocation.kind === 'token' && this.#has(revocation.id)) return
    await this.#store.addRevocations([revocation])
    this.#add(revocation)
  }

  /** Removes revocations of expired tokens, in memory and in the database. */
  async prune(ending?: AbortSignal): Promise<void> {
    const now = this.#time.now()
    for (const [name, { ids, expiresAt }] of this.#tokens) {
      if (expiresAt > now) continue
      this.#tokens.delete(name)
      this.#kept -= ids.size
    }
    for (const [name, { expiresAt }] of this.#issuedBefore) if (expiresAt <= now) this.#issuedBefore.delete(name)
    await cleanUp((most) => this.#store.pruneRevocations(now, most), ending)
  }

  async #read(): Promise<void> {
    const start = this.#clock.monotonic()
    for (;;) {
      const { latest, mark, found, unreadable } = await this.#store.revocationsAfter(this.#latest, PAGE, this.#mark)
      for (const revocation of found) this.#add(revocation)
      for (const record of unreadable) this.#onUnreadable(record)
      this.#latest = latest
      this.#mark = mark
      if (found.length + unreadable.length < PAGE) break
    }
    this.#freshAt = start
  }

  #has(id: Jti): boolean {
    return this.#tokens.get(bucketOf(id))?.ids.has(id) === true
  }

  #add(revocation: Revocation): void {
    if (revocation.expiresAt <= this.#time.now()) return
    if (revocation.kind === 'token') {
      if (this.#kept >= this.#mostKept) {
        this.#incompleteUntil = Math.max(this.#incompleteUntil, revocation.expiresAt)
        return
      }
      const name = bucketOf(revocation.id)
      const bucket = this.#tokens.get(name) ?? { ids: new Set(), expiresAt: 0 }
      this.#kept -= bucket.ids.size
      bucket.ids.add(revocation.id)
      this.#kept += bucket.ids.size
      bucket.expiresAt = Math.max(bucket.expiresAt, revocation.expiresAt)
      this.#tokens.set(name, bucket)
      return
    }
    const name = `${revocation.kind} ${revocation.id}`
    const earlier = this.#issuedBefore.get(name)
    if (earlier === undefined || earlier.issuedBefore < revocation.issuedBefore)
      this.#issuedBefore.set(name, revocation)
  }
}

const bucketOf = (id: Jti): number => Math.floor((uuidv7Time(id) ?? 0) / BUCKET_MS)
