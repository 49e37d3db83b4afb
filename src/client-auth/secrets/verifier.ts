import { timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { LRUCache } from 'lru-cache'
import { isGenerated, looksGenerated } from '../../model/credentials/generate-secret.ts'
import {
  SCRYPT_COST,
  type ScryptParameters,
  type SecretHash,
  scryptDigest,
  sha256,
} from '../../model/credentials/secret-hash.ts'
import { OAuthError } from '../../oauth/error.ts'
import type { ClientId, TenantId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import type { RandomBytes } from '../../platform/random.ts'
import type { Standing } from '../throttle/limiter.ts'
import { FairQueue, type Place, QueueFull } from './fair-queue.ts'

/** How long after its last use a right chosen secret is recognised without a slow hash. */
const MEMO_MS = 10 * 60_000
/** A secret in use is also hashed anew after this time, since marks in memory are quicker to guess than stored hashes. */
const LONGEST_MEMO_MS = 24 * 3_600_000
/** Wrong secrets known again without a slow hash: of who is misconfigured and tries on, and of libraries that try twice. */
const WRONG_KNOWN = 10_000
/** In place of the secrets of a client that there is not. */
const NOBODY: SecretHolder<KeptSecret> = { secrets: [] }
/** A secret beyond this many UTF-16 units is wrong unread: hashing it would be work for whoever asks. */
const LONGEST_SECRET = 1024
/** Node's pool has four threads: one stays free for files and name look-ups, and one core for requests. */
const CONCURRENCY = Math.max(1, Math.min(3, availableParallelism() - 1))
/**
 * Room and turns for each standing. The waiting jobs of one standing are at most ten seconds of work, since a client would not
 * wait longer. Half of the turns are for clients that have succeeded before. Clients that return do not compete with those that
 * never do.
 */
const QUEUE = {
  concurrency: CONCURRENCY,
  waiting: { proven: 32 * CONCURRENCY, returning: 16 * CONCURRENCY, new: 16 * CONCURRENCY },
  turns: ['proven', 'returning', 'proven', 'new'],
} as const

/** A secret as it is kept. */
interface KeptSecret {
  readonly hash: SecretHash
}

/** Whoever has secrets: the credentials of a client, the same object for as long as it does not change. */
interface SecretHolder<Secret extends KeptSecret> {
  readonly secrets: readonly Secret[]
}

interface Remembered {
  readonly secret: KeptSecret
  /** Monotonic milliseconds. */
  until: number
  /** The limit of every prolongation. Monotonic milliseconds. */
  readonly atMost: number
}

/**
 * Tells whether a secret is one of a client's. The work done for a wrong one depends on what was sent alone, never on the
 * client: of the generated form it costs one SHA-256, any other one scrypt, whether or not there is such a client and
 * whichever kind its secrets are. So time tells nobody which clients exist.
 */
export class SecretVerifier {
  readonly #clock: Clock
  readonly #slowHash: typeof scryptDigest
  readonly #memoKey: string
  readonly #decoy: ScryptParameters
  readonly #queue = new FairQueue<Standing>(QUEUE)
  /** Right secrets by their marks, beside the very holder they were right for: forgotten with it when it changes. */
  readonly #memo = new WeakMap<SecretHolder<KeptSecret>, Map<string, Remembered>>()
  /** Wrong secrets by their marks, and whose they were not: a client that changes is another holder. */
  readonly #wrong = new LRUCache<string, SecretHolder<KeptSecret>>({ max: WRONG_KNOWN })
  /** Hashes under way, keyed by standing and mark. A burst of one client's requests costs one hash. */
  readonly #underway = new Map<string, Promise<KeptSecret | undefined>>()

  /**
   * @param markKey the key of the marks; processes that count guesses together share it
   * @param slowHash scrypt, or the replacement of a test
   */
  constructor(clock: Clock, random: RandomBytes, markKey: Buffer, slowHash = scryptDigest) {
    this.#clock = clock
    this.#slowHash = slowHash
    this.#memoKey = markKey.toString('base64')
    this.#decoy = { ...SCRYPT_COST, salt: Buffer.from(random(16)) }
  }

  /** Slow hashes that are under way. */
  get hashes(): { readonly running: number; readonly waiting: number } {
    return this.#queue
  }

  /**
   * The secret of the holder that this is, among those that we generated; undefined where it is none. Comparing text may tell
   * by its time how far a digest of a guess agrees with one of ours: from that follows nothing about 256 random bits.
   */
  findGenerated<Secret extends KeptSecret>(
    holder: SecretHolder<Secret> | undefined,
    secret: string,
  ): Secret | undefined {
    if (!looksGenerated(secret)) return undefined
    const digest = sha256(secret)
    return holder?.secrets.find(({ hash }) => hash.kind === 'sha256' && hash.digest === digest)
  }

  /**
   * The mark by which a secret that a person may have chosen is known here: a keyed hash of tenant, client and secret. Clients of two
   * tenants may have the same id and secret. Nobody outside sees a mark, so it does no harm that, unlike an HMAC, it can be extended.
   * @returns undefined for a secret that nobody can guess, or that is too long to be looked at
   */
  markOf(tenant: TenantId, clientId: ClientId, secret: string): string | undefined {
    if (secret.length > LONGEST_SECRET || isGenerated(secret)) return undefined
    return sha256(`${this.#memoKey}${tenant}\0${clientId}\0${secret}`)
  }

  /** The same for a MAC, which shows whether a guessed secret is right. */
  markOfMac(
    tenant: TenantId,
    clientId: ClientId,
    { alg, signature }: { readonly alg: string; readonly signature: Buffer },
  ): string {
    return sha256(`${this.#memoKey}${tenant}\0${clientId}\0\0${alg}\0${signature.toString('base64')}`)
  }

  /** The secret of the holder that this is, where it is a chosen one that was right a moment ago; undefined otherwise. */
  findRemembered<Secret extends KeptSecret>(
    tenant: TenantId,
    clientId: ClientId,
    holder: SecretHolder<Secret> | undefined,
    secret: string,
  ): Secret | undefined {
    const mark = this.markOf(tenant, clientId, secret)
    const remembered = mark === undefined ? undefined : this.#recall(holder, mark)
    return remembered && holder?.secrets.find((one) => one === remembered)
  }

  /**
   * Whether the secret was tried before, and was none of the holder's: it is no new guess. Who sent it learns nothing by an
   * answer that is quick this time. @param holder undefined where no client has that id
   */
  isKnownWrong(holder: SecretHolder<KeptSecret> | undefined, mark: string): boolean {
    return this.#wrong.get(mark) === (holder ?? NOBODY)
  }

  /** Remembers that the secret or MAC with this mark is wrong. */
  noteWrong(holder: SecretHolder<KeptSecret> | undefined, mark: string): void {
    this.#wrong.set(mark, holder ?? NOBODY)
  }

  /**
   * The secret of the holder that this is, among those that people chose; undefined where it is none.
   * @param holder undefined where no client has that id
   * @param place the place in the queue for slow hashes
   * @throws OAuthError `secret_queue_full`, 429, where too many slow hashes wait
   */
  async findChosen<Secret extends KeptSecret>(
    holder: SecretHolder<Secret> | undefined,
    secret: string,
    mark: string,
    place: Place<Standing>,
  ): Promise<Secret | undefined> {
    const remembered = this.#recall(holder, mark)
    const found = remembered ?? (await this.#hash(holder, secret, mark, place))
    if (found === undefined || holder === undefined) return undefined
    const kept = holder.secrets.find((one) => one === found)
    // The hash was begun for this client as it stood before a change.
    if (kept === undefined) return this.findChosen(holder, secret, mark, place)
    if (remembered === undefined) this.#remember(holder, mark, found)
    return kept
  }

  /** Prolongs the mark that it finds. */
  #recall(holder: SecretHolder<KeptSecret> | undefined, mark: string): KeptSecret | undefined {
    const remembered = holder && this.#memo.get(holder)?.get(mark)
    const now = this.#clock.monotonic()
    if (remembered === undefined || remembered.until <= now) return undefined
    remembered.until = Math.min(now + MEMO_MS, remembered.atMost)
    return remembered.secret
  }

  #remember(holder: SecretHolder<KeptSecret>, mark: string, secret: KeptSecret): void {
    const memo = this.#memo.get(holder) ?? new Map<string, Remembered>()
    const now = this.#clock.monotonic()
    this.#memo.set(holder, memo.set(mark, { secret, until: now + MEMO_MS, atMost: now + LONGEST_MEMO_MS }))
  }

  #hash(holder: SecretHolder<KeptSecret> | undefined, secret: string, mark: string, place: Place<Standing>) {
    // A better known client must not be turned away together with others.
    const key = `${place.class} ${mark}`
    const underway = this.#underway.get(key)
    if (underway !== undefined) return underway
    const hashing = this.#queue
      .run(place, async () => {
        let found: KeptSecret | undefined
        for (const parameters of scryptRuns(holder, this.#decoy)) {
          found ??= findChosen(holder, await this.#slowHash(secret, parameters), parameters)
        }
        if (found === undefined) this.noteWrong(holder, mark)
        return found
      })
      .catch((error: unknown) => {
        if (error instanceof QueueFull) throw new OAuthError('secret_queue_full', { headers: { 'Retry-After': '1' } })
        throw error
      })
      .finally(() => this.#underway.delete(key))
    this.#underway.set(key, hashing)
    return hashing
  }
}

/** The scrypt runs that a guess at this client costs: one for each salt in use, and one all the same where there is none. */
function scryptRuns(
  holder: SecretHolder<KeptSecret> | undefined,
  decoy: ScryptParameters,
): readonly ScryptParameters[] {
  const runs = new Map<string, ScryptParameters>()
  for (const { hash } of holder?.secrets ?? []) {
    if (hash.kind === 'scrypt') runs.set(hash.parameters.salt.toString('base64'), hash.parameters)
  }
  return runs.size > 0 ? [...runs.values()] : [decoy]
}

/** The secret with this scrypt digest, each compared in constant time; undefined where there is none. */
function findChosen(
  holder: SecretHolder<KeptSecret> | undefined,
  digest: Buffer,
  { salt }: ScryptParameters,
): KeptSecret | undefined {
  let found: KeptSecret | undefined
  for (const secret of holder?.secrets ?? []) {
    const { hash } = secret
    if (hash.kind !== 'scrypt' || !hash.parameters.salt.equals(salt)) continue
    if (timingSafeEqual(hash.digest, digest)) found = secret
  }
  return found
}
