import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import type { RandomBytes } from '../platform/random.ts'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** The number of bytes that a box adds to its content. */
export const BOX_BYTES = NONCE_BYTES + TAG_BYTES

/**
 * Encrypts with AES-256-GCM (NIST SP 800-38D): a random nonce, the ciphertext, the tag.
 * @param associated bytes that must be the same to open the box
 */
export function sealBox(plaintext: Buffer, key: KeyObject, associated: Buffer, random: RandomBytes): Buffer {
  const nonce = Buffer.from(random(NONCE_BYTES))
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(associated)
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Decrypts a box; undefined if it was changed, or sealed with another key or other associated bytes. */
export function openBox(box: Buffer, key: KeyObject, associated: Buffer): Buffer | undefined {
  if (box.length < BOX_BYTES) return undefined
  const decipher = createDecipheriv(ALGORITHM, key, box.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(associated)
    .setAuthTag(box.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
}
