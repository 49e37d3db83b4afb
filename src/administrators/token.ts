import { hash, timingSafeEqual } from 'node:crypto'
import { base62 } from '../platform/base62.ts'
import type { RandomBytes } from '../platform/random.ts'

const BYTES = 32
/** The digits of 32 bytes in base62. */
const DIGITS = 43

/** A token of 256 random bits in base62, after a prefix that tells scanners its kind. */
export const newToken = (prefix: '' | 'tsl_' | 'tsd_', random: RandomBytes): string =>
  prefix + base62(BigInt(`0x${random(BYTES).toString('hex')}`), DIGITS)

/** The longest token, in characters. A longer text is none of ours, and is not hashed. */
export const LONGEST_TOKEN = 4 + DIGITS

/** The stored form of a token: a fast hash is enough for 256 random bits. */
export const hashToken = (token: string): string => hash('sha256', token, 'base64url')

/** Whether two texts are equal, in a time that reveals nothing but their lengths. */
export function constantTimeEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
