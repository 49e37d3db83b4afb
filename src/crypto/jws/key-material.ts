import { createPublicKey } from 'node:crypto'
import { decodeBase64url } from '../../platform/base64url.ts'
import type { VerificationKey } from './algorithms.ts'
import { KeyError } from './key-error.ts'
import { received } from './received.ts'
import { jwkThumbprint } from './thumbprint.ts'

/** The members of a JWK that define the public key, and no others (RFC 7638 §3.2). */
type PublicJwk = Readonly<Record<string, string>>

/** A public key, without the uses that its JWK permits. */
export interface KeyMaterial extends VerificationKey {
  readonly jwk: PublicJwk
  /** The thumbprint of RFC 7638, with SHA-256, in base64url. */
  readonly thumbprint: string
}

/** The bytes of a coordinate, by curve (RFC 7518 §6.2.1.2). A signature has two numbers of this size (§3.4). */
const CURVES: ReadonlyMap<unknown, number> = new Map([
  ['P-256', 32],
  ['P-384', 48],
  ['P-521', 66],
])
/**
 * The sizes of RSA keys that are accepted. RFC 7518 §3.3 requires 2048 bits. With a key of over 8192 bits, each check would take milliseconds, and anyone can
 * cause one.
 */
export const RSA_BYTES = { least: 256, most: 1024 }
/** The most bytes of an exponent: OpenSSL's limit for large keys. */
const LONGEST_EXPONENT = 8
/**
 * The points of small order (RFC 8032 §5.1.7), with the sign bit cleared. Anyone can forge signatures of such a key.
 */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])

/**
 * Reads only the members that define the key (RFC 7518 §6.2.1, §6.3.1, RFC 8037 §2).
 * @throws KeyError if the type, curve or size is not accepted, or the key is malformed or weak
 */
export function parseMaterial(jwk: Readonly<Record<string, unknown>>): KeyMaterial {
  const { kty, crv } = jwk
  switch (kty) {
    case 'EC':
      return parseEc(crv, jwk)
    case 'OKP':
      return parseOkp(crv, jwk)
    case 'RSA':
      return parseRsa(jwk)
    default:
      throw new KeyError('unknown_type', `kty is ${received(kty)}: it must be EC, OKP or RSA`)
  }
}

function parseEc(crv: unknown, jwk: Readonly<Record<string, unknown>>): KeyMaterial {
  const size = CURVES.get(crv)
  if (typeof crv !== 'string' || size === undefined) {
    throw new KeyError('unknown_curve', `crv is ${received(crv)}: it must be P-256, P-384 or P-521`)
  }
  const [x, y] = [readBytes(jwk, 'x'), readBytes(jwk, 'y')]
  if (x.length !== size || y.length !== size) {
    throw new KeyError('malformed', `x and y must have ${size} bytes each (RFC 7518 §6.2.1.2)`)
  }
  const members = { crv, kty: 'EC', x: encode(x), y: encode(y) } as const
  return { kty: 'EC', crv, signatureBytes: 2 * size, ...importKey(members) }
}

function parseOkp(crv: unknown, jwk: Readonly<Record<string, unknown>>): KeyMaterial {
  if (crv !== 'Ed25519') throw new KeyError('unknown_curve', `crv is ${received(crv)}: it must be Ed25519`)
  const x = readBytes(jwk, 'x')
  if (x.length !== 32) throw new KeyError('malformed', 'x must have 32 bytes (RFC 8037 §2)')
  const unsigned = Buffer.from(x)
  unsigned.writeUInt8(x.readUInt8(31) & 0x7f, 31)
  if (SMALL_ORDER.has(unsigned.toString('hex'))) throw new KeyError('weak', 'x is a point of small order')
  return { kty: 'OKP', crv, signatureBytes: 64, ...importKey({ crv, kty: 'OKP', x: encode(x) }) }
}

function parseRsa(jwk: Readonly<Record<string, unknown>>): KeyMaterial {
  const [n, e] = [readBytes(jwk, 'n'), readBytes(jwk, 'e')]
  if (n.readUInt8(0) === 0 || e.readUInt8(0) === 0) {
    throw new KeyError('malformed', 'n and e must not begin with zero bytes (RFC 7518 §2, Base64urlUInt)')
  }
  const bits = 8 * n.length - Math.clz32(n.readUInt8(0)) + 24
  if (bits < 8 * RSA_BYTES.least) throw new KeyError('weak', `the RSA key has ${bits} bits: it needs at least 2048`)
  if (n.length > RSA_BYTES.most)
    throw new KeyError('malformed', `the RSA key has ${bits} bits: it may have at most 8192`)
  if (isEven(n) || isEven(e) || encode(e) === 'AQ' || e.length > LONGEST_EXPONENT) {
    throw new KeyError('weak', 'n and e must be odd, and e between 3 and 2^64: e is nearly always AQAB')
  }
  const members = { e: encode(e), kty: 'RSA', n: encode(n) } as const
  return { kty: 'RSA', crv: undefined, signatureBytes: n.length, ...importKey(members) }
}

const isEven = (number: Buffer): boolean => number.readUInt8(number.length - 1) % 2 === 0
const encode = (bytes: Buffer): string => bytes.toString('base64url')

function readBytes(jwk: Readonly<Record<string, unknown>>, name: string): Buffer {
  const value = jwk[name]
  const bytes = typeof value === 'string' ? decodeBase64url(value) : undefined
  if (bytes === undefined || bytes.length === 0) {
    throw new KeyError('malformed', `${name} must be bytes in base64url without padding`)
  }
  return bytes
}

function importKey(jwk: PublicJwk): Pick<KeyMaterial, 'keyObject' | 'jwk' | 'thumbprint'> {
  try {
    const keyObject = createPublicKey({ key: jwk, format: 'jwk' })
    return { keyObject, jwk, thumbprint: jwkThumbprint(jwk) }
  } catch {
    throw new KeyError('malformed', 'its members are not a public key; a point may be off the curve, for example')
  }
}
