import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { RandomBytes } from '../platform/random.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Something encrypted that stays so; the problem is a predicate in our words. */
export interface Undecryptable {
  readonly problem: string
}

/** Something encrypted at rest, and the id of the master key that it was encrypted under. */
export interface Encrypted {
  readonly ciphertext: Buffer
  readonly masterKeyId: string
}

/**
 * The key under which everything that must be read back is encrypted at rest, with AES-256-GCM. It is never in the
 * database. While it is being changed there are two: the new one encrypts, both decrypt.
 */
export class MasterKey {
  /** Tells master keys apart, and nothing about them. */
  readonly id: string
  readonly #keys: ReadonlyMap<string, KeyObject>
  readonly #current: KeyObject
  readonly #random: RandomBytes

  /** @param bytes 32 bytes of chance @param previous the master key before, where its rows are still to be read */
  constructor(bytes: Buffer, random: RandomBytes, previous?: Buffer) {
    this.id = masterKeyId(bytes)
    this.#current = createSecretKey(bytes)
    this.#random = random
    const known = [...(previous === undefined ? [] : [previous]), bytes]
    this.#keys = new Map(known.map((key) => [masterKeyId(key), createSecretKey(key)]))
  }

  /**
   * Keys for a purpose of their own, the same in every process with these master keys (HKDF, RFC 5869): of the current one,
   * then of the one before. From them follows nothing about the master key.
   */
  derive(purpose: string): readonly [Buffer, ...Buffer[]] {
    const derive = (key: KeyObject) => Buffer.from(hkdfSync('sha256', key, '', `tessera ${purpose}`, KEY_BYTES))
    const others = [...this.#keys].filter(([id]) => id !== this.id).map(([, key]) => derive(key))
    return [derive(this.#current), ...others]
  }

  /** @param context what the ciphertext is of: it decrypts under the same context only */
  encrypt(plaintext: Buffer, context: string): Encrypted {
    const nonce = Buffer.from(this.#random(NONCE_BYTES))
    const cipher = createCipheriv('aes-256-gcm', this.#current, nonce).setAAD(Buffer.from(context))
    const ciphertext = Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
    return { ciphertext, masterKeyId: this.id }
  }

  /** Whether it is one of these that has this id. */
  has(id: string): boolean {
    return this.#keys.has(id)
  }

  /** What was encrypted, or why it can't be had. */
  decrypt({ ciphertext, masterKeyId: id }: Encrypted, context: string): Buffer | Undecryptable {
    const key = this.#keys.get(id)
    if (key === undefined) return { problem: `is encrypted under the master key ${id}; the one given is ${this.id}` }
    try {
      const nonce = ciphertext.subarray(0, NONCE_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(context))
        .setAuthTag(ciphertext.subarray(-TAG_BYTES))
      return Buffer.concat([decipher.update(ciphertext.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
    } catch {
      return { problem: 'is not as it was encrypted: it is damaged, or of another record' }
    }
  }
}

const masterKeyId = (bytes: Buffer): string =>
  createHmac('sha256', bytes).update('tessera master key id').digest('hex').slice(0, 12)

/**
 * Reads a master key as people write one down: 32 bytes in base64, base64url or hexadecimal.
 * @returns undefined where the text is none of these
 */
export function parseMasterKey(text: string): Buffer | undefined {
  const trimmed = text.trim()
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex')
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return undefined
  const bytes = Buffer.from(trimmed, 'base64')
  return bytes.length === KEY_BYTES ? bytes : undefined
}

/** A new master key, as it is written to a file. */
export const generateMasterKey = (random: RandomBytes): string => Buffer.from(random(KEY_BYTES)).toString('base64')
