import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import type { RandomBytes } from '../platform/random.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** The key under which everything that must be read back is encrypted at rest, with AES-256-GCM. It is never in the database. */
export class MasterKey {
  readonly #key: KeyObject
  readonly #random: RandomBytes

  /** @param bytes 32 bytes of chance */
  constructor(bytes: Buffer, random: RandomBytes) {
    this.#key = createSecretKey(bytes)
    this.#random = random
  }

  /** @param context what the ciphertext is of: it decrypts under the same context only */
  encrypt(plaintext: Buffer, context: string): Buffer {
    const nonce = Buffer.from(this.#random(NONCE_BYTES))
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(context))
    return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  }

  /** @throws Error where it was encrypted under another key or context, or was changed since */
  decrypt(ciphertext: Buffer, context: string): Buffer {
    const nonce = ciphertext.subarray(0, NONCE_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(context))
      .setAuthTag(ciphertext.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(ciphertext.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
  }
}

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
