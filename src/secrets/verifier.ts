import { timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { OAuthError } from '../oauth/error.ts'
import type { ClientId } from '../oauth/ids.ts'
import type { Clock } from '../platform/clock.ts'
import type { RandomBytes } from '../platform/random.ts'
import type { SecretCredential } from './credential.ts'
import { FairQueue, QueueFull } from './fair-queue.ts'
import { isGenerated } from './generate.ts'
import { SCRYPT_COST, type ScryptParameters, scryptDigest, sha256 } from './hash.ts'

/** For how long a chosen secret that was right is known again without a slow hash. */
const MEMO_MS = 10 * 60_000
/** A secret beyond this many UTF-16 units is wrong unread: hashing it would be work for whoever asks. */
const LONGEST_SECRET = 1024
/** Node's pool has four threads: one stays free for files and name look-ups, and one core for requests. */
const CONCURRENCY = Math.max(1, Math.min(3, availableParallelism() - 1))

/** Whoever has secrets: a client, the same object for as long as it does not change. */
interface SecretHolder {
  readonly secrets: readonly SecretCredential[]
}

interface Remembered {
  readonly credential: SecretCredential
  /** Milliseconds. */
  readonly until: number
}

/**
 * Tells whether a secret is one of a client's. The work done for a wrong one depends on what was sent alone, never on the
 * client: of the generated form it costs one SHA-256, any other one scrypt, whether or not there is such a client and
 * whichever kind its secrets are. So time tells nobody which clients exist.
 */
export class SecretVerifier {
  readonly #clock: Clock
  readonly #memoKey: string
  readonly #decoy: ScryptParameters
  /** What waits is some ten seconds of work: a client would not wait longer. */
  readonly #queue = new FairQueue({ concurrency: CONCURRENCY, waiting: 32 * CONCURRENCY, waitingInLane: 4 })
  /** Right secrets by a keyed hash, beside the very client they were right for: forgotten with it when it changes. */
  readonly #memo = new WeakMap<SecretHolder, Map<string, Remembered>>()
  /** Hashing under way, by the same keyed hash: a burst of one client's requests costs one hash. */
  readonly #underway = new Map<string, Promise<SecretCredential | undefined>>()

  constructor(clock: Clock, random: RandomBytes) {
    this.#clock = clock
    this.#memoKey = random(32).toString('base64')
    this.#decoy = { ...SCRYPT_COST, salt: Buffer.from(random(16)) }
  }

  /**
   * The credential of `client` that `secret` is, expired or not; undefined where it is none.
   * @param clientId as presented: whose turn it is in the queue of slow hashes
   * @param client undefined where no client has that id
   * @throws OAuthError `secret_queue_full`, 429, where too many slow hashes wait
   */
  verify(
    clientId: ClientId,
    client: SecretHolder | undefined,
    secret: string,
  ): SecretCredential | undefined | Promise<SecretCredential | undefined> {
    if (secret.length > LONGEST_SECRET) return undefined
    const generated = findGenerated(client, sha256(secret))
    if (generated !== undefined || isGenerated(secret)) return generated

    const mark = this.#mark(clientId, secret)
    const remembered = client && this.#memo.get(client)?.get(mark)
    if (remembered !== undefined && remembered.until > this.#clock.now()) return remembered.credential
    return this.#hash(clientId, client, secret, mark)
  }

  /** A keyed hash, under a key of this process's own. Nobody sees one: that it can be extended, unlike an HMAC, helps nobody. */
  #mark(clientId: ClientId, secret: string): string {
    return sha256(`${this.#memoKey}${clientId}\0${secret}`)
  }

  async #hash(
    clientId: ClientId,
    client: SecretHolder | undefined,
    secret: string,
    mark: string,
  ): Promise<SecretCredential | undefined> {
    const underway = this.#underway.get(mark) ?? this.#start(clientId, client, secret, mark)
    const credential = await underway
    if (credential === undefined || client === undefined) return credential
    // The hash was begun for this client as it stood before a change.
    if (!client.secrets.includes(credential)) return this.#hash(clientId, client, secret, mark)
    const memo = this.#memo.get(client) ?? new Map<string, Remembered>()
    this.#memo.set(client, memo.set(mark, { credential, until: this.#clock.now() + MEMO_MS }))
    return credential
  }

  #start(clientId: ClientId, client: SecretHolder | undefined, secret: string, mark: string) {
    const hashing = this.#queue
      .run(clientId, async () => {
        let found: SecretCredential | undefined
        for (const parameters of scryptRuns(client, this.#decoy)) {
          found ??= findChosen(client, await scryptDigest(secret, parameters), parameters)
        }
        return found
      })
      .catch((error: unknown) => {
        if (error instanceof QueueFull) throw new OAuthError('secret_queue_full', { headers: { 'Retry-After': '1' } })
        throw error
      })
      .finally(() => this.#underway.delete(mark))
    this.#underway.set(mark, hashing)
    return hashing
  }
}

/** The scrypt runs that a guess at this client costs: one for each salt in use, and one all the same where there is none. */
function scryptRuns(client: SecretHolder | undefined, decoy: ScryptParameters): readonly ScryptParameters[] {
  const runs = new Map<string, ScryptParameters>()
  for (const { hash } of client?.secrets ?? []) {
    if (hash.kind === 'scrypt') runs.set(hash.parameters.salt.toString('base64'), hash.parameters)
  }
  return runs.size > 0 ? [...runs.values()] : [decoy]
}

/**
 * The credential with this SHA-256; undefined where there is none. Comparing text may tell by its time how far a digest of a
 * guess agrees with one of ours: from that follows nothing about a secret of 256 random bits.
 */
function findGenerated(client: SecretHolder | undefined, digest: string): SecretCredential | undefined {
  return client?.secrets.find(({ hash }) => hash.kind === 'sha256' && hash.digest === digest)
}

/** The credential with this scrypt digest, each compared in constant time; undefined where there is none. */
function findChosen(
  client: SecretHolder | undefined,
  digest: Buffer,
  { salt }: ScryptParameters,
): SecretCredential | undefined {
  let found: SecretCredential | undefined
  for (const credential of client?.secrets ?? []) {
    const { hash } = credential
    if (hash.kind !== 'scrypt' || !hash.parameters.salt.equals(salt)) continue
    if (timingSafeEqual(hash.digest, digest)) found = credential
  }
  return found
}
