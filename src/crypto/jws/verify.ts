import { fitsKey, isAsymmetric, isSameAlgorithm, isSymmetric, verifyMac, verifySignature } from './algorithms.ts'
import type { CompactJws } from './compact.ts'
import { decoyKey } from './decoys.ts'
import type { PublicKey } from './public-key.ts'

interface VerifyOptions {
  /** The only algorithm that the client may use, where it has registered one. */
  readonly pinned?: string | undefined
  /** Pass the same object to all calls about one JWS if its keys come from several places. */
  readonly tries?: Tries | undefined
}

/**
 * Work that is done for one JWS, counted in tries with a small key: five milliseconds at most. A JWS with a `kid` needs one try.
 * Without one, the issuer's old, current and next keys are candidates.
 */
const MOST_WORK = 10
/** A try with P-384, P-521 or RSA of over 4,096 bits takes one to two milliseconds. */
const LARGE_KEY_WORK = 3

/** The keys that one JWS was tried with, from all credentials and key sets. */
export class Tries {
  readonly #outcomes = new Map<string, boolean>()
  #work = 0

  /**
   * Whether the key signed the JWS, by `verify` or by an earlier result. False, without a try, once the budget of work is used
   * up.
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

  /** Whether to do the work of one try without a key of the client, because no try was made. That work then counts as a try. */
  pretend(): boolean {
    if (this.#work > 0) return false
    this.#work = 1
    return true
  }
}

const NO_SECRET = Buffer.alloc(32)

/** Why no key of a set can have signed a JWS, or none has. */
export type NoSigner = 'algorithm' | 'kid' | 'signature'

/**
 * The key that signed a JWS; undefined where none of these did. With a `kid` in the header only keys with that `kid`, or with
 * none, come into question. The algorithm is the key's and the client's affair, never the sender's (RFC 8725 §3.1). If there is
 * no candidate key, the work of one try is still done, so that timing does not reveal which keys a client has.
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

/** Whether a JWS has the MAC that the secret makes (RFC 7518 §3.2). What is signed with a public key never has. */
export function verifyHmac(jws: CompactJws, secret: Buffer): boolean {
  const { alg } = jws.header
  if (!isSymmetric(alg)) {
    decoyVerify(jws)
    return false
  }
  return verifyMac(alg, jws.signingInput, secret, jws.signature)
}

/** Does the work of checking a JWS for a client that does not exist, with a key of nobody's. */
export function decoyVerify({ header: { alg }, signingInput, signature }: CompactJws): void {
  if (isSymmetric(alg)) verifyMac(alg, signingInput, NO_SECRET, signature)
  if (!isAsymmetric(alg)) return
  const key = decoyKey(alg, signature.length)
  if (key !== undefined) verifySignature(alg, signingInput, key, signature)
}

/** Why `findSigner` found none; told to an administrator. */
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

/** Those of the very `kid` first. */
function keysOfKid({ header: { kid } }: CompactJws, keys: readonly PublicKey[]): readonly PublicKey[] {
  if (kid === undefined) return keys
  return [...keys.filter((key) => key.kid === kid), ...keys.filter((key) => key.kid === undefined)]
}
