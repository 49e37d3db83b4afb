import { pbkdf2, timingSafeEqual } from 'node:crypto'
import { bcryptDigest } from './bcrypt.ts'

/** The hash of a secret that another server has made. A hash of our own replaces it when the secret is first presented. */
export type ImportedHash = {
  /** The hash as that server wrote it. */
  readonly text: string
  readonly digest: Buffer
} & (
  | {
      readonly kind: 'pbkdf2'
      readonly prf: keyof typeof MOST_ITERATIONS
      readonly iterations: number
      readonly salt: Buffer
    }
  /** `prefix` is the version, the cost and the salt, as bcrypt writes them before the digest. */
  | { readonly kind: 'bcrypt'; readonly prefix: string }
)

/**
 * The most iterations of PBKDF2 (RFC 8018 §5.2), as OWASP's Password Storage Cheat Sheet has them. Each takes about half the time of one
 * scrypt of ours, so that a guess at an imported secret is never slower than a guess at another one.
 */
const MOST_ITERATIONS = { sha256: 600_000, sha512: 210_000 } as const
/** The highest cost of bcrypt whose 2^cost rounds take no longer than one scrypt of ours. */
const MOST_COST = 11
/** Each guess at a client is compared with all its imported hashes, one after the other, so that a client has at most this many. */
export const MOST_IMPORTED = 2
/** Bytes of a digest that one block makes. */
const BLOCK = { sha256: 32, sha512: 64 } as const
/** Bytes. bcrypt ignores all further bytes. Hydra refuses longer secrets, and so do we. */
const LONGEST_FOR_BCRYPT = 72
/** Bytes. A shorter digest would match other secrets, too. Hydra makes 32. */
const DIGEST = { shortest: 16, longest: 64 } as const
/** Bytes. Hydra makes 16. */
const SALT = { shortest: 8, longest: 64 } as const

const PBKDF2_FORM = /^\$pbkdf2-(sha256|sha512)\$i=([1-9]\d{0,9}),l=([1-9]\d{0,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/
/** Salt and digest end in characters that have only the bits that bcrypt writes. A hash with others could never match. */
const BCRYPT_FORM = /^(\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21}[.Oeu])([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])$/

/** A hash, or the reason why a text is none, in words that follow the name of its field and repeat nothing of it. */
type ReadHash =
  | { readonly hash: ImportedHash; readonly fault?: never }
  | { readonly hash?: never; readonly fault: string }

/**
 * Reads a hash of PBKDF2 as Ory Hydra writes it, `$pbkdf2-sha256$i=25000,l=32$salt$digest` in base64 without padding, or one of bcrypt,
 * `$2a$10$…` (also `$2b$` and `$2y$`). A hash that costs more than one scrypt of ours is refused.
 * @see https://github.com/ory/hydra/blob/master/oryx/hasherx/hash_comparator.go
 */
export function readImportedHash(text: string): ReadHash {
  const [, prefix, cost, digest] = BCRYPT_FORM.exec(text) ?? []
  if (prefix === undefined || digest === undefined) return readPbkdf2(text)
  if (Number(cost) > MOST_COST) return tooCostly(`bcrypt may have a cost of at most ${MOST_COST}`)
  return { hash: { kind: 'bcrypt', text, prefix, digest: Buffer.from(digest) } }
}

function readPbkdf2(text: string): ReadHash {
  const [, prf, iterations, length, saltText = '', digestText = ''] = PBKDF2_FORM.exec(text) ?? []
  if (prf !== 'sha256' && prf !== 'sha512') return { fault: UNKNOWN_FORM }
  const salt = fromBase64(saltText)
  const digest = fromBase64(digestText)
  if (salt === undefined || digest === undefined) return { fault: 'has a salt or a digest that is not base64' }
  if (digest.length !== Number(length)) return { fault: 'has a digest that is not as long as its l says' }
  if (!isWithin(salt, SALT)) return { fault: `must have a salt of ${SALT.shortest} to ${SALT.longest} bytes` }
  if (!isWithin(digest, DIGEST)) return { fault: `must have a digest of ${DIGEST.shortest} to ${DIGEST.longest} bytes` }
  // Each block of the digest takes all iterations (RFC 8018 §5.2).
  const most = MOST_ITERATIONS[prf] / Math.ceil(digest.length / BLOCK[prf])
  if (Number(iterations) > most) return tooCostly(`a digest of this length may take at most ${most} iterations`)
  return { hash: { kind: 'pbkdf2', text, prf, iterations: Number(iterations), salt, digest } }
}

const UNKNOWN_FORM =
  'must be a hash of PBKDF2 ($pbkdf2-sha256$i=25000,l=32$salt$digest, or sha512) or of bcrypt ($2a$, $2b$ or $2y$)'

const tooCostly = (bound: string): ReadHash => ({
  fault: `costs more than one scrypt of ours: ${bound}. Give the client a new secret instead`,
})

const isWithin = ({ length }: Buffer, { shortest, longest }: typeof SALT | typeof DIGEST): boolean =>
  length >= shortest && length <= longest

/** Decodes base64 without padding; undefined if it is not canonical. */
function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64').replace(/={1,2}$/, '') === text ? bytes : undefined
}

/**
 * Whether a secret is the one of an imported hash. The work is done off the event loop, and depends on the hash alone.
 * @param secret any text; its UTF-8 is hashed
 */
export async function matchesImported(hash: ImportedHash, secret: string): Promise<boolean> {
  if (hash.kind === 'pbkdf2') return timingSafeEqual(hash.digest, await pbkdf2Digest(hash, secret))
  const bytes = Buffer.byteLength(secret)
  // A secret that bcrypt would cut is hashed in part, and is wrong.
  const digest = Buffer.from(await bcryptDigest(bytes > LONGEST_FOR_BCRYPT ? '' : secret, hash.prefix))
  return timingSafeEqual(hash.digest, digest) && bytes <= LONGEST_FOR_BCRYPT
}

/** Computes on a thread of Node's pool. */
function pbkdf2Digest(
  { prf, iterations, salt, digest: { length } }: Extract<ImportedHash, { kind: 'pbkdf2' }>,
  secret: string,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    pbkdf2(secret, salt, iterations, length, prf, (error, digest) => (error === null ? resolve(digest) : reject(error)))
  })
}
