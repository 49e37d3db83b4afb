import type { SigningAlgorithm } from '../oauth/algorithms.ts'
import { LONGEST_TOKEN } from './claims.ts'
import { refusal } from './refusals.ts'
import { sealedLength } from './sealed.ts'
import type { TokenProfile } from './token-profile.ts'

/** Bytes of the signature (RFC 7518 §3.3 to §3.5 with the keys that we generate, RFC 8032 §5.1.6). */
const SIGNATURE_BYTES: Readonly<Record<SigningAlgorithm, number>> = { ES256: 64, EdDSA: 64, RS256: 256, PS256: 256 }
/** A `kid` is a SHA-256 in base64url. */
const KID = 'k'.repeat(43)

/** The characters of bytes in base64url without padding (RFC 7515 §2). */
const encodedLength = (bytes: number): number => Math.ceil((bytes * 4) / 3)

/** The characters of a token with these claims, worked out without a key. */
export function lengthOf({ format, algorithm, typ }: TokenProfile, claims: object): number {
  const content = Buffer.byteLength(JSON.stringify(claims))
  if (format === 'sealed') return sealedLength(content)
  const header = JSON.stringify({ alg: algorithm, typ, kid: KID }).length
  const parts = [header, content, SIGNATURE_BYTES[algorithm]].map(encodedLength)
  return parts.reduce((sum, part) => sum + part + 1, -1)
}

/** @param length the characters of a token. @throws Refusal `token_too_large` */
export function refuseLong(length: number): void {
  if (length > LONGEST_TOKEN) throw refusal('token_too_large')
}
