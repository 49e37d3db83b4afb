import { isObject } from '../../platform/json.ts'
import { fitsKey, isAsymmetric } from './algorithms.ts'
import { LONGEST_KID } from './compact.ts'
import { KeyError } from './key-error.ts'
import { type KeyMaterial, parseMaterial } from './key-material.ts'
import { received } from './received.ts'

/** Another party's public key, suitable for checking signatures. */
export interface PublicKey extends KeyMaterial {
  readonly kid: string | undefined
  /** The only algorithm of the key, if its JWK names one (RFC 7517 §4.4). */
  readonly alg: string | undefined
}

/** The members of private keys (RFC 7518 §6.2.2, §6.3.2, RFC 8037 §2). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'] as const

/**
 * Parses a JWK with a public key (RFC 7517 §4).
 * @throws KeyError if it is not a public key for signatures, or is weaker than RFC 7518 §3.3 requires
 */
export function parsePublicJwk(jwk: unknown): PublicKey {
  if (!isObject(jwk)) throw new KeyError('not_a_key', 'a JWK is a JSON object')
  const { kid, alg } = jwk
  if (jwk['kty'] === 'oct' || jwk['k'] !== undefined) {
    throw new KeyError('symmetric', 'this is a symmetric key (kty oct): give the public half of a key pair')
  }
  const secret = PRIVATE.find((name) => jwk[name] !== undefined)
  if (secret !== undefined) {
    throw new KeyError('private', `this is a private key (it has the member ${secret}): give the public half alone`)
  }
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > LONGEST_KID)) {
    throw new KeyError('malformed', `kid must be a string of at most ${LONGEST_KID} characters`)
  }
  checkPurpose(jwk)
  const key = { ...parseMaterial(jwk), kid }
  if (alg === undefined) return { ...key, alg }
  if (typeof alg !== 'string' || !isAsymmetric(alg)) {
    throw new KeyError('not_for_signatures', `alg is ${received(alg)}, which is not a supported signature algorithm`)
  }
  if (!fitsKey(alg, key)) throw new KeyError('malformed', `alg is ${alg}, which the key can't be used with`)
  return { ...key, alg }
}

/**
 * The accepted values of `use` (RFC 7517 §4.2). The keys that sign the tokens of a trust domain have `jwt-svid` (SPIFFE
 * Trust Domain and Bundle §4.2.2).
 */
const FOR_SIGNATURES: readonly unknown[] = [undefined, 'sig', 'jwt-svid']

/** Checks that `use` and `key_ops` permit verification (RFC 7517 §4.2, §4.3). @throws KeyError */
function checkPurpose({ use, key_ops: operations }: Readonly<Record<string, unknown>>): void {
  if (!FOR_SIGNATURES.includes(use)) {
    throw new KeyError('not_for_signatures', `use is ${received(use)}: a key for signatures has use sig, or no use`)
  }
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    throw new KeyError('not_for_signatures', 'key_ops does not have verify')
  }
}

/** The most keys of a set, more than any set needs. Each takes up to a tenth of a millisecond. */
export const MOST_KEYS = 50

/** The usable keys of a set, and the reasons why the others are ignored. */
export interface KeySet {
  readonly keys: readonly PublicKey[]
  readonly ignored: readonly string[]
}

/**
 * Parses a JWK set (RFC 7517 §5). A set from outside may have keys for other purposes, which are ignored.
 * @param options `strict` if every key must be usable, as in a client's registration
 * @throws KeyError if it is not a set of at most 50 keys; if strict, also for the first unusable key
 */
export function parseKeySet(json: unknown, { strict = false }: { readonly strict?: boolean } = {}): KeySet {
  if (!isObject(json) || !Array.isArray(json['keys'])) {
    throw new KeyError('not_a_set', 'a JWK set is a JSON object with an array of keys')
  }
  const jwks: readonly unknown[] = json['keys']
  if (jwks.length > MOST_KEYS) throw new KeyError('not_a_set', `the set has over ${MOST_KEYS} keys`)
  const keys: PublicKey[] = []
  const ignored: string[] = []
  for (const [at, jwk] of jwks.entries()) {
    try {
      keys.push(parsePublicJwk(jwk))
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
      const message = `keys[${at}]: ${error.message}`
      if (strict) throw new KeyError(error.fault, message)
      ignored.push(message)
    }
  }
  return { keys, ignored }
}
