import { hash, scrypt, timingSafeEqual } from 'node:crypto'
import { detached } from '../../platform/bytes.ts'
import { type ImportedHash, matchesImported, readImportedHash } from './imported-hash.ts'

/**
 * The stored hash of a secret. A generated secret has 256 random bits and needs no slow hash; a chosen one does. An imported hash has
 * any secret, and counts as one of a chosen secret.
 */
export type SecretHash =
  | { readonly kind: 'sha256'; readonly digest: string }
  | { readonly kind: 'scrypt'; readonly parameters: ScryptParameters; readonly digest: Buffer }
  | ImportedHash

/** RFC 7914 §2. Secrets of one client share a salt, so that one run compares a guess with all of them. */
export interface ScryptParameters {
  /** Base 2 logarithm of the cost N. */
  readonly logN: number
  readonly r: number
  readonly p: number
  readonly salt: Buffer
}

/** OWASP's "minimum with 16 MiB" (Password Storage Cheat Sheet): as slow to guess as N=2^17 p=1, in an eighth of the memory. */
export const SCRYPT_COST = { logN: 14, r: 8, p: 5 } as const
const DIGEST_BYTES = 32

/** The SHA-256 hash of a secret in UTF-8, in base64url. */
export const sha256 = (secret: string): string => hash('sha256', secret, 'base64url')

/** The scrypt hash of a secret in UTF-8: 32 bytes, computed on a thread of the pool. */
export function scryptDigest(secret: string, { logN, r, p, salt }: ScryptParameters): Promise<Buffer> {
  const N = 2 ** logN
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, DIGEST_BYTES, { N, r, p, maxmem: 256 * N * r }, (error, digest) =>
      error === null ? resolve(digest) : reject(error),
    )
  })
}

/** Whether the hash was made by another server. */
export const isImported = (stored: SecretHash): stored is ImportedHash =>
  stored.kind === 'pbkdf2' || stored.kind === 'bcrypt'

/** Whether a secret is the one of a hash. */
export async function matchesHash(stored: SecretHash, secret: string): Promise<boolean> {
  if (stored.kind === 'sha256') return stored.digest === sha256(secret)
  if (isImported(stored)) return matchesImported(stored, secret)
  return timingSafeEqual(stored.digest, await scryptDigest(secret, stored.parameters))
}

/**
 * Formats a hash like a PHC string: `$sha256$digest` or `$scrypt$ln=14,r=8,p=5$salt$digest`, with base64url. An imported hash stays as
 * it was written.
 */
export function formatHash(stored: SecretHash): string {
  if (stored.kind === 'sha256') return `$sha256$${stored.digest}`
  if (isImported(stored)) return stored.text
  const digest = stored.digest.toString('base64url')
  const { logN, r, p, salt } = stored.parameters
  return `$scrypt$ln=${logN},r=${r},p=${p}$${salt.toString('base64url')}$${digest}`
}

const SHA256_FORM = /^\$sha256\$([\w-]{43})$/
const SCRYPT_FORM = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w-]+)\$([\w-]{43})$/

/** The highest cost of one hash, even if a row asks for more: 256 MiB of memory (128 · N · r bytes, RFC 7914 §2) and `p` = 64. */
const MOST_COST = { bytes: 256 * 2 ** 20, p: 64 } as const

/** Parses the result of `formatHash`. @throws Error for any other text, without quoting it */
export function parseHash(text: string): SecretHash {
  const plain = SHA256_FORM.exec(text)?.[1]
  if (plain !== undefined) return { kind: 'sha256', digest: detached(plain) }
  const [, logN, r, p, salt, digest] = SCRYPT_FORM.exec(text) ?? []
  if (salt === undefined || digest === undefined) {
    const { hash: imported } = readImportedHash(text)
    if (imported === undefined) throw new Error('a stored secret hash is not readable')
    return imported
  }
  const parameters = { logN: Number(logN), r: Number(r), p: Number(p), salt: Buffer.from(salt, 'base64url') }
  const isSound = parameters.logN > 0 && parameters.r > 0 && parameters.p > 0
  if (!isSound || 128 * 2 ** parameters.logN * parameters.r > MOST_COST.bytes || parameters.p > MOST_COST.p) {
    throw new Error('a stored secret hash costs more than any that this program makes')
  }
  return { kind: 'scrypt', parameters, digest: Buffer.from(digest, 'base64url') }
}
