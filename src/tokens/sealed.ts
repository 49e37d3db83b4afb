import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { BOX_BYTES, openBox, sealBox } from '../crypto/box.ts'
import { REFERENCE_BYTES, type SealingKey } from '../keys/key-table.ts'
import { withChecksum, withoutChecksum } from '../platform/base62.ts'
import { decodeBase64url } from '../platform/base64url.ts'
import { createBatch } from '../platform/batch.ts'
import type { RandomBytes } from '../platform/random.ts'
import { LONGEST_TOKEN } from './claims.ts'

/** The prefix of every sealed token. Secret scanners look for it. */
const PREFIX = 'tsa_'
const SALT_BYTES = 16
const HEADER_BYTES = REFERENCE_BYTES + SALT_BYTES

/**
 * The form of a sealed token, for secret scanners (docs/concepts/tokens.md). The last six characters are the CRC-32 of the others in base62.
 * A scanner can thereby tell a token from similar text.
 */
export const SEALED_FORM = /^tsa_[A-Za-z0-9_-]{70,16000}[0-9A-Za-z]{6}$/

/**
 * The most tokens sealed under one subkey. Random 96-bit nonces are safe for 2^32 messages of a key (NIST SP 800-38D §8.3). With so
 * few messages, two nonces of a subkey collide with a probability of one in 2^49.
 */
const TOKENS_PER_SUBKEY = 2 ** 24

const associatedData = (reference: Buffer): Buffer => Buffer.concat([Buffer.from('tessera sealed token 1'), reference])

/** The characters of a token that seals so many bytes. */
export const sealedLength = (bytes: number): number =>
  withChecksum(PREFIX).length + Math.ceil(((HEADER_BYTES + BOX_BYTES + bytes) * 4) / 3)

/** Derives a separate key for each salt by HKDF-SHA-256 (RFC 5869). */
const deriveSubkey = (key: SealingKey, salt: Buffer): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', key.secret, salt, 'tessera sealed token', 32)))

interface Subkey {
  readonly key: SealingKey
  readonly salt: Buffer
  readonly secret: KeyObject
  tokens: number
}

/**
 * Seals claims into opaque tokens: `tsa_`, base64url of (key reference, salt, nonce, AES-256-GCM ciphertext, tag), and a checksum.
 * Each process uses its own subkeys, so that nonces don't repeat, however many tokens there are.
 */
export class Sealer {
  readonly #random: RandomBytes
  readonly #inBatch = createBatch()
  #current: Subkey | undefined

  constructor(random: RandomBytes) {
    this.#random = random
  }

  seal(key: SealingKey, claims: object): Promise<string> {
    return this.#inBatch(() => this.#seal(key, claims))
  }

  #seal(key: SealingKey, claims: object): string {
    const { salt, secret } = this.#subkey(key)
    const reference = key.reference
    const plaintext = Buffer.from(JSON.stringify(claims))
    const box = sealBox(plaintext, secret, associatedData(reference), this.#random)
    const bytes = Buffer.concat([reference, salt, box])
    return withChecksum(PREFIX + bytes.toString('base64url'))
  }

  #subkey(key: SealingKey): Subkey {
    let current = this.#current
    if (current === undefined || current.key.kid !== key.kid || current.tokens >= TOKENS_PER_SUBKEY) {
      const salt = Buffer.from(this.#random(SALT_BYTES))
      current = { key, salt, secret: deriveSubkey(key, salt), tokens: 0 }
      this.#current = current
    }
    current.tokens += 1
    return current
  }
}

/** Opens sealed tokens of one tenant, made by any process. The tenant's keys name the subkeys that it remembers. */
export class Unsealer {
  /** The subkeys in recent use. Each process has its own. */
  readonly #subkeys = new LRUCache<string, KeyObject>({ max: 1_000 })

  /**
   * Opens a sealed token. Returns its claims and its key.
   * @param keyOf returns the sealing key of a reference; undefined if we have none
   * @returns undefined for any text that is not one of our sealed tokens
   */
  unseal(
    token: string,
    keyOf: (reference: Buffer) => SealingKey | undefined,
  ): { key: SealingKey; claims: unknown } | undefined {
    if (token.length > LONGEST_TOKEN || !SEALED_FORM.test(token)) return undefined
    const encoded = withoutChecksum(token)?.slice(PREFIX.length)
    if (encoded === undefined) return undefined
    // Each token must have one spelling. If unused bits were ignored, caches keyed by the text would see different tokens.
    const bytes = decodeBase64url(encoded)
    if (bytes === undefined) return undefined
    const reference = bytes.subarray(0, REFERENCE_BYTES)
    const key = keyOf(reference)
    if (key === undefined) return undefined
    const plaintext = this.#open(key, reference, bytes)
    return plaintext === undefined ? undefined : { key, claims: JSON.parse(plaintext) }
  }

  #open(key: SealingKey, reference: Buffer, bytes: Buffer): string | undefined {
    const salt = bytes.subarray(REFERENCE_BYTES, HEADER_BYTES)
    const name = `${key.kid} ${salt.toString('base64')}`
    const known = this.#subkeys.get(name)
    const subkey = known ?? deriveSubkey(key, salt)
    const opened = openBox(bytes.subarray(HEADER_BYTES), subkey, associatedData(reference))
    // Keep only a subkey that opened a token, since anybody can invent salts.
    if (opened !== undefined && known === undefined) this.#subkeys.set(name, subkey)
    return opened?.toString('utf8')
  }
}
