import { timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { LRUCache } from 'lru-cache'
import { isGenerated, looksGenerated } from '../../model/credentials/generate-secret.ts'
import { matchesImported } from '../../model/credentials/imported-hash.ts'
import {
  isImported,
  SCRYPT_COST,
  type ScryptParameters,
  type SecretHash,
  scryptDigest,
  sha256,
} from '../../model/credentials/secret-hash.ts'
import type { ClientId, TenantId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import type { RandomBytes } from '../../platform/random.ts'
import type { Standing } from '../throttle/guesses.ts'
import { FairQueue, type Place } from './fair-queue.ts'

/** The time after its last use for which a correct chosen secret is accepted without a slow hash. Milliseconds. */
const MEMO_MS = 10 * 60_000
/** A secret in use is hashed anew after this time, since the marks in memory are faster to guess than stored hashes. */
const LONGEST_MEMO_MS = 24 * 3_600_000
/** The most wrong secrets that are recognised without a slow hash. Misconfigured clients and retrying libraries repeat them. */
const WRONG_KNOWN = 10_000
/** Stands in for the secrets of an unknown client. */
const NOBODY: SecretHolder<StoredSecret> = { secrets: [] }
/** The most UTF-16 units of a secret. A longer one is wrong without a hash, since anybody could make us hash it. */
const LONGEST_SECRET = 1024
/** Node's pool has four threads. One stays free for files and name look-ups, and one core for requests. */
const CONCURRENCY = Math.max(1, Math.min(3, availableParallelism() - 1))
/**
 * Room and turns for each standing. The waiting jobs of one standing take ten seconds at most, since a client would not wait
 * longer. Half of the turns are for clients that have succeeded before. Clients that retry do not compete with those that never do.
 */
const QUEUE = {
  concurrency: CONCURRENCY,
  waiting: { proven: 32 * CONCURRENCY, returning: 16 * CONCURRENCY, new: 16 * CONCURRENCY },
  turns: ['proven', 'returning', 'proven', 'new'],
} as const

/** A stored secret. */
interface StoredSecret {
  readonly hash: SecretHash
}

/** The credentials of a client. A change of the client makes a new object. */
interface SecretHolder<Secret extends StoredSecret> {
  readonly secrets: readonly Secret[]
}

interface Hashing {
  readonly holder: SecretHolder<StoredSecret> | undefined
  readonly result: Promise<StoredSecret | undefined>
}

interface VerifiedSecret {
  readonly secret: StoredSecret
  /** Monotonic milliseconds. */
  until: number
  /** The latest value that `until` may get. Monotonic milliseconds. */
  readonly atMost: number
}

/**
 * Verifies the secrets of clients. The work for a wrong secret depends only on the secret, never on the client. A secret of the
 * generated form costs one SHA-256, any other one scrypt, even if the client does not exist. So timing does not reveal which
 * clients exist. An imported hash is compared beside that scrypt, and takes less time. The scrypt has then hashed a right secret, and
 * replaces the imported hash.
 */
export class SecretVerifier {
  readonly #clock: Clock
  readonly #slowHash: typeof scryptDigest
  readonly #memoKey: string
  readonly #random: RandomBytes
  readonly #queue = new FairQueue<Standing>(QUEUE)
  /** Correct secrets by mark, for each holder. A changed client is a new holder, so its old entries are forgotten. */
  readonly #memo = new WeakMap<SecretHolder<StoredSecret>, Map<string, VerifiedSecret>>()
  /**
   * Wrong secrets by mark, with the holder that they were wrong for. A changed client is a new holder. An entry keeps no client in
   * memory that others have displaced.
   */
  readonly #wrong = new LRUCache<string, WeakRef<SecretHolder<StoredSecret>>>({ max: WRONG_KNOWN })
  /** Our own hashes of secrets whose imported hash was right. */
  readonly #own = new WeakMap<StoredSecret, SecretHash>()
  /** Hashes under way, by standing and mark. So a burst of requests of one client costs one hash. */
  readonly #underway = new Map<string, Hashing>()

  /**
   * @param markKey the key of the marks; processes that count guesses together share it
   * @param slowHash scrypt, or a replacement for tests
   */
  constructor(clock: Clock, random: RandomBytes, markKey: Buffer, slowHash = scryptDigest) {
    this.#clock = clock
    this.#slowHash = slowHash
    this.#memoKey = markKey.toString('base64')
    this.#random = random
  }

  /** Counts of slow hashes. */
  get hashes(): { readonly running: number; readonly waiting: number } {
    return this.#queue
  }

  /**
   * The holder's generated secret that equals `secret`; undefined if there is none. The comparison is not constant-time, so its
   * time may reveal how many digits of two digests agree. That reveals nothing about 256 random bits.
   */
  findGenerated<Secret extends StoredSecret>(
    holder: SecretHolder<Secret> | undefined,
    secret: string,
  ): Secret | undefined {
    if (!looksGenerated(secret)) return undefined
    const digest = sha256(secret)
    return holder?.secrets.find(({ hash }) => hash.kind === 'sha256' && hash.digest === digest)
  }

  /**
   * The mark of a chosen secret, by which caches know it: a keyed SHA-256 of tenant, client id and secret, since clients of two tenants
   * may have the same id and secret. It never leaves the server, so length extension is harmless and HMAC unnecessary.
   * @returns undefined for a generated secret, which nobody can guess, or one that is too long
   */
  markOf(tenant: TenantId, clientId: ClientId, secret: string): string | undefined {
    if (secret.length > LONGEST_SECRET || isGenerated(secret)) return undefined
    return sha256(`${this.#memoKey}${tenant}\0${clientId}\0${secret}`)
  }

  /** The mark of a MAC, since a MAC lets an attacker test guesses of the secret. */
  markOfMac(
    tenant: TenantId,
    clientId: ClientId,
    { alg, signature }: { readonly alg: string; readonly signature: Buffer },
  ): string {
    return sha256(`${this.#memoKey}${tenant}\0${clientId}\0\0${alg}\0${signature.toString('base64')}`)
  }

  /** The holder's chosen secret that equals `secret`, if it was verified recently; undefined otherwise. */
  findRemembered<Secret extends StoredSecret>(
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
   * Whether the secret was tried before and was wrong. A repetition is not a new guess, and a quick answer to it reveals nothing.
   * @param holder undefined if the client does not exist
   */
  isKnownWrong(holder: SecretHolder<StoredSecret> | undefined, mark: string): boolean {
    return this.#wrong.get(mark)?.deref() === (holder ?? NOBODY)
  }

  /** Remembers that the secret or MAC with this mark is wrong. */
  noteWrong(holder: SecretHolder<StoredSecret> | undefined, mark: string): void {
    this.#wrong.set(mark, new WeakRef(holder ?? NOBODY))
  }

  /**
   * The holder's chosen secret that equals `secret`; undefined if there is none.
   * @param holder undefined if the client does not exist
   * @param place the place in the queue for slow hashes
   * @throws SecretQueueFull, 429, if too many slow hashes wait
   */
  async findChosen<Secret extends StoredSecret>(
    holder: SecretHolder<Secret> | undefined,
    secret: string,
    mark: string,
    place: Place<Standing>,
  ): Promise<Secret | undefined> {
    const remembered = this.#recall(holder, mark)
    const found = remembered ?? (await this.#hash(holder, secret, mark, place))
    if (found === undefined || holder === undefined) return undefined
    const kept = holder.secrets.find((one) => one === found)
    // The client changed while the hash ran, so the result is about its old secrets. Try again.
    if (kept === undefined) return this.findChosen(holder, secret, mark, place)
    if (remembered === undefined) this.#remember(holder, mark, found)
    return kept
  }

  /** Our own hash of a secret that `findChosen` has found by an imported hash; undefined for any other secret. */
  ownHashOf(secret: StoredSecret): SecretHash | undefined {
    return this.#own.get(secret)
  }

  /** Looks up a verified secret and extends its time. */
  #recall(holder: SecretHolder<StoredSecret> | undefined, mark: string): StoredSecret | undefined {
    const remembered = holder && this.#memo.get(holder)?.get(mark)
    const now = this.#clock.monotonic()
    if (remembered === undefined || remembered.until <= now) return undefined
    remembered.until = Math.min(now + MEMO_MS, remembered.atMost)
    return remembered.secret
  }

  #remember(holder: SecretHolder<StoredSecret>, mark: string, secret: StoredSecret): void {
    const memo = this.#memo.get(holder) ?? new Map<string, VerifiedSecret>()
    const now = this.#clock.monotonic()
    this.#memo.set(holder, memo.set(mark, { secret, until: now + MEMO_MS, atMost: now + LONGEST_MEMO_MS }))
  }

  #hash(holder: SecretHolder<StoredSecret> | undefined, secret: string, mark: string, place: Place<Standing>) {
    // The key has the standing, so that a proven client is not turned away together with a new one.
    const key = `${place.class} ${mark}`
    const underway = this.#underway.get(key)
    // A hash that began before a change of the client says nothing about its new secrets.
    if (underway !== undefined && underway.holder === holder) return underway.result
    const result = this.#queue
      .run(place, async () => {
        const [chosen, imported] = await Promise.all([this.#runScrypt(holder, secret), findImported(holder, secret)])
        if (imported !== undefined && chosen.own !== undefined) this.#own.set(imported, chosen.own)
        const found = chosen.found ?? imported
        if (found === undefined) this.noteWrong(holder, mark)
        return found
      })
      .finally(() => {
        if (this.#underway.get(key)?.result === result) this.#underway.delete(key)
      })
    this.#underway.set(key, { holder, result })
    return result
  }

  /** @returns `found`: the secret with a scrypt hash that equals `secret`; `own`: a hash of `secret` */
  async #runScrypt(holder: SecretHolder<StoredSecret> | undefined, secret: string) {
    let found: StoredSecret | undefined
    let own: SecretHash | undefined
    for (const parameters of scryptRuns(holder, this.#random)) {
      const digest = await this.#slowHash(secret, parameters)
      own ??= { kind: 'scrypt', parameters, digest }
      found ??= findChosen(holder, digest, parameters)
    }
    return { found, own }
  }
}

/** The scrypt runs for one guess: one for each salt of the client, or one with a new salt if it has none. */
function scryptRuns(holder: SecretHolder<StoredSecret> | undefined, random: RandomBytes): readonly ScryptParameters[] {
  const runs = new Map<string, ScryptParameters>()
  for (const { hash } of holder?.secrets ?? []) {
    if (hash.kind === 'scrypt') runs.set(hash.parameters.salt.toString('base64'), hash.parameters)
  }
  return runs.size > 0 ? [...runs.values()] : [{ ...SCRYPT_COST, salt: Buffer.from(random(16)) }]
}

/** The secret with this imported hash; undefined if there is none. */
async function findImported(
  holder: SecretHolder<StoredSecret> | undefined,
  given: string,
): Promise<StoredSecret | undefined> {
  let found: StoredSecret | undefined
  for (const secret of holder?.secrets ?? []) {
    if (isImported(secret.hash) && (await matchesImported(secret.hash, given))) found = secret
  }
  return found
}

/** The secret with this scrypt digest; undefined if there is none. Digests are compared in constant time. */
function findChosen(
  holder: SecretHolder<StoredSecret> | undefined,
  digest: Buffer,
  { salt }: ScryptParameters,
): StoredSecret | undefined {
  let found: StoredSecret | undefined
  for (const secret of holder?.secrets ?? []) {
    const { hash } = secret
    if (hash.kind !== 'scrypt' || !hash.parameters.salt.equals(salt)) continue
    if (timingSafeEqual(hash.digest, digest)) found = secret
  }
  return found
}
