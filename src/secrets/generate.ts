import { crc32 } from 'node:zlib'
import type { RandomBytes } from '../platform/random.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const PREFIX = 'tss_'
const GENERATED = /^tss_[0-9A-Za-z]{49}$/
const CHECKSUM_LENGTH = 6

function base62(value: bigint, length: number): string {
  let digits = ''
  for (let rest = value; digits.length < length; rest /= 62n) digits = ALPHABET.charAt(Number(rest % 62n)) + digits
  return digits
}

const checksum = (text: string): string => base62(BigInt(crc32(text)), CHECKSUM_LENGTH)

/**
 * A new secret: `tss_`, 32 random bytes in 43 base62 digits, and six digits of CRC-32 by which a scanner tells a leaked
 * one from a look-alike. Base62, so that no client's way of encoding can change it.
 */
export function generateSecret(random: RandomBytes): string {
  const body = PREFIX + base62(BigInt(`0x${random(32).toString('hex')}`), 43)
  return body + checksum(body)
}

/** Whether a secret has the form of a generated one, checksum included. Says nothing of whether it is right. */
export const isGenerated = (secret: string): boolean =>
  GENERATED.test(secret) && checksum(secret.slice(0, -CHECKSUM_LENGTH)) === secret.slice(-CHECKSUM_LENGTH)
