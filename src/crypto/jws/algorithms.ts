import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto'

/** A public key for an algorithm (RFC 7517 §4.1, RFC 7518 §6.2.1.1). */
export interface VerificationKey {
  readonly kty: 'EC' | 'OKP' | 'RSA'
  /** The curve; undefined for RSA. */
  readonly crv: string | undefined
  readonly keyObject: KeyObject
  /** The exact length of the key's signatures. */
  readonly signatureBytes: number
}

interface JwsAlgorithm {
  /** The type of the algorithm's keys. */
  readonly kty: VerificationKey['kty']
  readonly crv: string | undefined
  verify(input: Buffer, key: KeyObject, signature: Buffer): boolean
}

const ecdsa = (crv: string, digest: string): JwsAlgorithm => ({
  kty: 'EC',
  crv,
  verify: (input, key, signature) => verify(digest, input, { key, dsaEncoding: 'ieee-p1363' }, signature),
})

const pkcs1 = (digest: string): JwsAlgorithm => ({
  kty: 'RSA',
  crv: undefined,
  verify: (input, key, signature) => verify(digest, input, key, signature),
})

const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants
const pss = (digest: string): JwsAlgorithm => ({
  kty: 'RSA',
  crv: undefined,
  verify: (input, key, signature) => verify(digest, input, { key, padding, saltLength }, signature),
})

const ed25519: JwsAlgorithm = {
  kty: 'OKP',
  crv: 'Ed25519',
  verify: (input, key, signature) => verify(null, input, key, signature),
}

/**
 * RFC 7518 §3.3 to §3.5, RFC 8037 §3.1. `Ed25519` is the name of RFC 9864 §2.2 for EdDSA with Ed25519, the only kind
 * accepted here.
 */
const asymmetric = {
  ES256: ecdsa('P-256', 'sha256'),
  ES384: ecdsa('P-384', 'sha384'),
  ES512: ecdsa('P-521', 'sha512'),
  RS256: pkcs1('sha256'),
  RS384: pkcs1('sha384'),
  RS512: pkcs1('sha512'),
  PS256: pss('sha256'),
  PS384: pss('sha384'),
  PS512: pss('sha512'),
  EdDSA: ed25519,
  Ed25519: ed25519,
} as const satisfies Record<string, JwsAlgorithm>

/** RFC 7518 §3.2. */
const symmetric = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' } as const

export type AsymmetricAlgorithm = keyof typeof asymmetric
export type SymmetricAlgorithm = keyof typeof symmetric

/** The signature algorithms, in the order of the metadata. */
export const asymmetricAlgorithms = [
  ...(['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA', 'Ed25519'] as const),
] as const satisfies readonly AsymmetricAlgorithm[]

/** The MAC algorithms, in the order of the metadata. */
export const symmetricAlgorithms = ['HS256', 'HS384', 'HS512'] as const satisfies readonly SymmetricAlgorithm[]

export const isAsymmetric = (alg: string): alg is AsymmetricAlgorithm => Object.hasOwn(asymmetric, alg)
export const isSymmetric = (alg: string): alg is SymmetricAlgorithm => Object.hasOwn(symmetric, alg)

/** Whether two names mean one algorithm. RFC 9864 §2.2 gave EdDSA with Ed25519 a second name. */
export const isSameAlgorithm = (one: string, other: string): boolean =>
  one === other || (isAsymmetric(one) && isAsymmetric(other) && asymmetric[one] === asymmetric[other])

/** Whether a key has the type and curve of the algorithm. */
export const fitsKey = (alg: AsymmetricAlgorithm, key: Pick<VerificationKey, 'kty' | 'crv'>): boolean =>
  asymmetric[alg].kty === key.kty && asymmetric[alg].crv === key.crv

/** Whether the key made the signature of the signing input, which is ASCII (RFC 7515 §5.2). */
export function verifySignature(
  alg: AsymmetricAlgorithm,
  input: string,
  key: VerificationKey,
  signature: Buffer,
): boolean {
  if (!fitsKey(alg, key) || signature.length !== key.signatureBytes) return false
  return asymmetric[alg].verify(Buffer.from(input, 'latin1'), key.keyObject, signature)
}

/** Whether the signature is the MAC of the signing input under the secret. It compares in constant time. */
export function verifyMac(alg: SymmetricAlgorithm, input: string, secret: Buffer, signature: Buffer): boolean {
  const mac = createHmac(symmetric[alg], secret).update(input, 'latin1').digest()
  return mac.length === signature.length && timingSafeEqual(mac, signature)
}
