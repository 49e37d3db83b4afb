import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { SealingKey } from '../keys/key-table.ts'
import { withChecksum, withoutChecksum } from '../platform/base62.ts'
import { createBatch } from '../platform/batch.ts'
import type { RandomBytes } from '../platform/random.ts'
import { LONGEST_TOKEN } from './claims.ts'

/** What every sealed token begins with, and a secret scanner looks for. */
const PREFIX = 'tsa_'
const REFERENCE_BYTES = 6
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = REFERENCE_BYTES + SALT_BYTES + NONCE_BYTES

/**
 * What a sealed token looks like, for secret scanners (docs/tokens.md). The last six characters are the CRC-32 of all
 * before them, in base62, so that a scanner tells a token from a look-alike.
 */
export const SEALED_FORM = /^tsa_[A-Za-z0-9_-]{70,16000}[0-9A-Za-z]{6}$/

/**
 * Tokens sealed under one subkey. Random 96-bit nonces are safe for 2^32 messages of a key (NIST SP 800-38D §8.3): with so
 * few under each subkey, two nonces of one meet with a chance of one in 2^49.
 */
const TOKENS_PER_SUBKEY = 2 ** 24

const associatedData = (reference: Buffer): Buffer => Buffer.concat([Buffer.from('tessera sealed token 1'), reference])

/** HKDF-SHA-256 (RFC 5869): a key of its own for each salt. */
const deriveSubkey = (key: SealingKey, salt: Buffer): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', key.secret, salt, 'tessera sealed token', 32)))

interface Subkey {
  readonly key: SealingKey
  readonly salt: Buffer
  readonly secret: KeyObject
  tokens: number
}

/**
 * Seals claims into opaque tokens: `tsa_`, base64url of (key reference, salt, nonce, AES-256-GCM ciphertext, tag), and a
 * checksum. Each process seals under subkeys of its own, so that however many tokens there are, no nonce comes twice.
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
    const nonce = Buffer.from(this.#random(NONCE_BYTES))
    const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(associatedData(reference))
    const sealed = cipher.update(JSON.stringify(claims), 'utf8')
    cipher.final()
    const bytes = Buffer.concat([reference, salt, nonce, sealed, cipher.getAuthTag()])
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

/** Opens what any process has sealed for one tenant, whose keys name the subkeys that it remembers. */
export class Unsealer {
  /** One for each process that has sealed lately. */
  readonly #subkeys = new LRUCache<string, KeyObject>({ max: 1_000 })

  /**
   * The claims in a token, and the key that it was sealed with.
   * @param keyOf the sealing key of a reference, undefined where we have none
   * @returns undefined for what is not a sealed token of ours, whatever it is
   */
  unseal(
    token: string,
    keyOf: (reference: Buffer) => SealingKey | undefined,
  ): { key: SealingKey; claims: unknown } | undefined {
    if (token.length > LONGEST_TOKEN || !SEALED_FORM.test(token)) return undefined
    const encoded = withoutChecksum(token)?.slice(PREFIX.length)
    if (encoded === undefined) return undefined
    const bytes = Buffer.from(encoded, 'base64url')
    // One token has one spelling: what it is recognised by elsewhere must not depend on ignored bits.
    if (bytes.toString('base64url') !== encoded || bytes.length <= HEADER_BYTES + TAG_BYTES) return undefined
    const reference = bytes.subarray(0, REFERENCE_BYTES)
    const key = keyOf(reference)
    if (key === undefined) return undefined
    const plaintext = this.#open(key, reference, bytes)
    return plaintext === undefined ? undefined : { key, claims: JSON.parse(plaintext) }
  }

  #open(key: SealingKey, reference: Buffer, bytes: Buffer): string | undefined {
    const salt = bytes.subarray(REFERENCE_BYTES, REFERENCE_BYTES + SALT_BYTES)
    const nonce = bytes.subarray(REFERENCE_BYTES + SALT_BYTES, HEADER_BYTES)
    const name = `${key.kid} ${salt.toString('base64')}`
    const known = this.#subkeys.get(name)
    const subkey = known ?? deriveSubkey(key, salt)
    try {
      const decipher = createDecipheriv('aes-256-gcm', subkey, nonce, { authTagLength: TAG_BYTES })
        .setAAD(associatedData(reference))
        .setAuthTag(bytes.subarray(-TAG_BYTES))
      const opened = decipher.update(bytes.subarray(HEADER_BYTES, -TAG_BYTES))
      decipher.final()
      // Only a subkey that opened something is worth keeping: anybody can make up salts.
      if (known === undefined) this.#subkeys.set(name, subkey)
      return opened.toString('utf8')
    } catch {
      return undefined
    }
  }
}
