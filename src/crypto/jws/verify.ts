import { fitsKey, isAsymmetric, isSameAlgorithm, isSymmetric, verifyMac, verifySignature } from './algorithms.ts'
import type { CompactJws } from './compact.ts'
import { decoyKey } from './decoys.ts'
import type { PublicKey } from './public-key.ts'

interface VerifyOptions {
  /** The only algorithm that the client may use, if it has registered one. */
  readonly pinned?: string | undefined
  /** Pass the same object to all calls about one JWS if its keys come from several places. */
  readonly tries?: Tries | undefined
}

/**
 * The most work for one JWS, counted in tries with a small key: five milliseconds at most. A JWS with a `kid` needs one
 * try. Without one, the issuer's old, current and next keys are candidates.
 */
const MOST_WORK = 10
/** A try with P-384, P-521 or RSA of over 4,096 bits takes one to two milliseconds. */
const LARGE_KEY_WORK = 3

/** The keys that one JWS was tried with, from all credentials and key sets. */
export class Tries {
  readonly #outcomes = new Map<string, boolean>()
  #work = 0

  /**
   * Whether the key signed the JWS, by an earlier result or by `verify`. It returns false without a try once the budget
   * of work is used up.
   */
  has({ thumbprint, crv, signatureBytes }: PublicKey, verify: () => boolean): boolean {
    const known = this.#outcomes.get(thumbprint)
    if (known !== undefined) return known
    const isLarge = crv === 'P-384' || crv === 'P-521' || signatureBytes > 512
    const work = this.#work + (isLarge ? LARGE_KEY_WORK : 1)
    if (work > MOST_WORK) return false
    this.#work = work
    const outcome = verify()
    this.#outcomes.set(thumbprint, outcome)
    return outcome
  }

  /** Whether a decoy must be tried, because no key was. The decoy counts as a try. */
  pretend(): boolean {
    if (this.#work > 0) return false
    this.#work = 1
    return true
  }
}

const NO_SECRET = Buffer.alloc(32)

/** The reason why no key of a set signed a JWS. */
export type NoSigner = 'algorithm' | 'kid' | 'signature'

/**
 * Finds the key that signed a JWS; undefined if none did. If the header has a `kid`, only keys with that `kid` or
 * without one are candidates. The key and the client determine the algorithm, never the sender (RFC 8725 §3.1). If
 * there is no candidate, the work of one try is still done, so that timing does not reveal which keys a client has.
 */
export function findSigner(
  jws: CompactJws,
  keys: readonly PublicKey[],
  { pinned, tries = new Tries() }: VerifyOptions = {},
): PublicKey | undefined {
  const { alg } = jws.header
  const pretend = (): void => {
    if (tries.pretend()) decoyVerify(jws)
  }
  if (!isAsymmetric(alg) || !isPinned(alg, pinned)) {
    pretend()
    return undefined
  }
  const named = keysOfKid(jws, keys)
  const fitting = named.filter((key) => isFor(alg, key) && key.signatureBytes === jws.signature.length)
  if (fitting.length === 0) pretend()
  return fitting.find((key) => tries.has(key, () => verifySignature(alg, jws.signingInput, key, jws.signature)))
}

/**
 * Whether a JWS has the MAC that the secret makes (RFC 7518 §3.2). It is false for any JWS that was signed with a
 * private key.
 */
export function verifyHmac(jws: CompactJws, secret: Buffer): boolean {
  const { alg } = jws.header
  if (!isSymmetric(alg)) {
    decoyVerify(jws)
    return false
  }
  return verifyMac(alg, jws.signingInput, secret, jws.signature)
}

/** Does the work of checking a JWS for a client that does not exist, with a decoy key. */
export function decoyVerify({ header: { alg }, signingInput, signature }: CompactJws): void {
  if (isSymmetric(alg)) verifyMac(alg, signingInput, NO_SECRET, signature)
  if (!isAsymmetric(alg)) return
  const key = decoyKey(alg, signature.length)
  if (key !== undefined) verifySignature(alg, signingInput, key, signature)
}

/** The reason why `findSigner` found no key, for an administrator. */
export function whyNoSigner(jws: CompactJws, keys: readonly PublicKey[], { pinned }: VerifyOptions = {}): NoSigner {
  const { alg } = jws.header
  if (!isAsymmetric(alg) || !isPinned(alg, pinned)) return 'algorithm'
  const named = keysOfKid(jws, keys)
  if (named.length === 0) return 'kid'
  return named.some((key) => isFor(alg, key)) ? 'signature' : 'algorithm'
}

const isPinned = (alg: string, pinned: string | undefined): boolean =>
  pinned === undefined || isSameAlgorithm(alg, pinned)

const isFor = (alg: Parameters<typeof fitsKey>[0], key: PublicKey): boolean =>
  fitsKey(alg, key) && (key.alg === undefined || isSameAlgorithm(alg, key.alg))

/** The candidate keys. Keys with the same `kid` come before keys without one. */
function keysOfKid({ header: { kid } }: CompactJws, keys: readonly PublicKey[]): readonly PublicKey[] {
  if (kid === undefined) return keys
  return [...keys.filter((key) => key.kid === kid), ...keys.filter((key) => key.kid === undefined)]
}
