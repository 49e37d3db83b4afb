import { timingSafeEqual } from 'node:crypto'
import { FairQueue, type Place } from '../../client-auth/secrets/fair-queue.ts'
import type { Standing } from '../../client-auth/throttle/guesses.ts'
import { SCRYPT_COST, type ScryptParameters, scryptDigest } from '../../model/credentials/secret-hash.ts'
import type { RandomBytes } from '../../platform/random.ts'
import { AdministratorRefusal } from '../refusal.ts'
import type { Account } from './account.ts'

type PasswordHash = NonNullable<Account['password']>

/** Characters, counted as a person counts them. NIST SP 800-63B-4 §3.1.1.2 asks for 15, or for 8 with a second factor. */
const LEAST_CHARACTERS = 12
/** A longer password is wrong without a hash, since anybody could make us hash it. */
const MOST_BYTES = 1_024
const PASSWORD_SALT_BYTES = 16
/** People sign in rarely. One thread is enough, and leaves the others of the pool to clients. */
const QUEUE = {
  concurrency: 1,
  waiting: { proven: 32, returning: 16, new: 16 },
  turns: ['proven', 'returning', 'proven', 'new'],
} as const

/** The place of somebody who is signed in, or who has a one-time link. */
const KNOWN: Place<Standing> = { class: 'proven', lanes: ['known'] }

/** Hashes and verifies the passwords of people, one at a time, on a thread. */
export class Passwords {
  readonly #queue = new FairQueue<Standing>(QUEUE)
  readonly #random: RandomBytes
  readonly #slowHash: typeof scryptDigest
  /** Stands in for the password of an unknown account, so that timing does not reveal which accounts exist. */
  readonly #decoy: PasswordHash

  /** @param slowHash scrypt, or a replacement for tests */
  constructor(random: RandomBytes, slowHash = scryptDigest) {
    this.#random = random
    this.#slowHash = slowHash
    this.#decoy = { kind: 'scrypt', parameters: this.#parameters(), digest: Buffer.from(random(32)) }
  }

  /**
   * Whether this is the password. It takes the same work if there is none.
   * @param stored undefined if the account does not exist, or has no password
   * @throws SecretQueueFull
   */
  async verify(stored: PasswordHash | undefined, password: string, place: Place<Standing> = KNOWN): Promise<boolean> {
    if (Buffer.byteLength(password) > MOST_BYTES) return false
    const { parameters, digest } = stored ?? this.#decoy
    const computed = await this.#queue.run(place, () => this.#slowHash(password, parameters))
    return timingSafeEqual(computed, digest) && stored !== undefined
  }

  /** Hashes a new password. @throws AdministratorRefusal `password_refused`, SecretQueueFull */
  async hash(password: string, account: string): Promise<PasswordHash> {
    requireStrength(password, account)
    const parameters = this.#parameters()
    return {
      kind: 'scrypt',
      parameters,
      digest: await this.#queue.run(KNOWN, () => this.#slowHash(password, parameters)),
    }
  }

  #parameters(): ScryptParameters {
    return { ...SCRYPT_COST, salt: Buffer.from(this.#random(PASSWORD_SALT_BYTES)) }
  }
}

function requireStrength(password: string, account: string): void {
  const refuse = (message: string) => new AdministratorRefusal('password_refused', { message })
  if (Buffer.byteLength(password) > MOST_BYTES) throw refuse(`the password must have at most ${MOST_BYTES} bytes`)
  if (!password.isWellFormed()) throw refuse('the password has half of a character (a lone surrogate)')
  if ([...password].length < LEAST_CHARACTERS)
    throw refuse(`the password must have at least ${LEAST_CHARACTERS} characters`)
  if (password.toLowerCase() === account) throw refuse('the password must not be the name of the account')
}
