import type { KeyObject, X509Certificate } from 'node:crypto'
import { type DerElement, expectTag, readElement, readElements, readOid, TAG } from './der.ts'

/** The algorithm of a certificate's signature. */
export interface SignatureAlgorithm {
  /** The name, or the OID of an unknown algorithm. */
  readonly name: string
  /** Whether no method is known to make two certificates with the same signature. */
  readonly isStrong: boolean
}

/** Known algorithms by OID (RFC 3279 §2.2, RFC 4055 §5, RFC 5758 §3.2, RFC 8410 §3). */
const algorithms = new Map<string, SignatureAlgorithm>([
  ['1.2.840.113549.1.1.4', { name: 'md5WithRSAEncryption', isStrong: false }],
  ['1.2.840.113549.1.1.5', { name: 'sha1WithRSAEncryption', isStrong: false }],
  ['1.2.840.113549.1.1.11', { name: 'sha256WithRSAEncryption', isStrong: true }],
  ['1.2.840.113549.1.1.12', { name: 'sha384WithRSAEncryption', isStrong: true }],
  ['1.2.840.113549.1.1.13', { name: 'sha512WithRSAEncryption', isStrong: true }],
  ['1.2.840.10045.4.1', { name: 'ecdsa-with-SHA1', isStrong: false }],
  ['1.2.840.10045.4.3.2', { name: 'ecdsa-with-SHA256', isStrong: true }],
  ['1.2.840.10045.4.3.3', { name: 'ecdsa-with-SHA384', isStrong: true }],
  ['1.2.840.10045.4.3.4', { name: 'ecdsa-with-SHA512', isStrong: true }],
  ['1.3.101.112', { name: 'Ed25519', isStrong: true }],
  ['1.3.101.113', { name: 'Ed448', isStrong: true }],
])

const PSS = '1.2.840.113549.1.1.10'
/** SHA-256, SHA-384, SHA-512. */
const STRONG_HASHES = new Set(['2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.2', '2.16.840.1.101.3.4.2.3'])

/** Reads an `AlgorithmIdentifier` (RFC 5280 §4.1.1.2). @throws DerError */
export function readSignatureAlgorithm(element: DerElement | undefined): SignatureAlgorithm {
  const [id, parameters] = readElements(expectTag(element, TAG.sequence).content, 2)
  const oid = readOid(id)
  if (oid === PSS) return { name: 'RSASSA-PSS', isStrong: isStrongPss(parameters) }
  return algorithms.get(oid) ?? { name: oid, isStrong: false }
}

/** RFC 4055 §3.1: the hash is `[0]` of the parameters. If it is omitted, it is SHA-1. */
function isStrongPss(parameters: DerElement | undefined): boolean {
  const [first] = parameters?.tag === TAG.sequence ? readElements(parameters.content, 4) : []
  if (first?.tag !== 0xa0) return false
  const [hash] = readElements(readElement(first.content, TAG.sequence).content, 2)
  return STRONG_HASHES.has(readOid(hash))
}

const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1'])
/** Nearly every key has 65537. Each further bit costs another multiplication of numbers as long as the key. */
const LARGEST_EXPONENT = 0xffff_ffffn

/** The public key of a certificate; undefined if Node does not know its type. */
export function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey
  } catch {
    return undefined
  }
}

/** The problem with a key; undefined if it is acceptable. Large keys are refused because they make verification slow. */
export function weaknessOf(key: KeyObject | undefined): string | undefined {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key?.asymmetricKeyDetails ?? {}
  switch (key?.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      if (modulusLength < 2048 || modulusLength > 8192) return `RSA of ${modulusLength} bits`
      return publicExponent < 3n || publicExponent > LARGEST_EXPONENT
        ? `RSA with exponent ${publicExponent}`
        : undefined
    case 'ec':
      return CURVES.has(namedCurve) ? undefined : `the curve ${namedCurve}`
    case 'ed25519':
    case 'ed448':
      return undefined
    default:
      return `a key of type ${key?.asymmetricKeyType ?? 'unknown'}`
  }
}

/**
 * The cost of checking one signature with a key. One unit is a millisecond on a slow machine. A small RSA key is weak but cheap,
 * unless its exponent is large.
 * @returns undefined for a key that we don't verify signatures with
 */
export function costOf(key: KeyObject): 1 | 2 | undefined {
  const { modulusLength = 0, publicExponent = 0n, namedCurve } = key.asymmetricKeyDetails ?? {}
  const isSmall = key.asymmetricKeyType === 'rsa' && modulusLength < 2048 && publicExponent <= LARGEST_EXPONENT
  if (weaknessOf(key) !== undefined && !isSmall) return undefined
  return namedCurve === 'secp521r1' || modulusLength > 4096 ? 2 : 1
}
