import { base62, withChecksum, withoutChecksum } from '../../platform/base62.ts'
import type { RandomBytes } from '../../platform/random.ts'

const PREFIX = 'tss_'
const GENERATED = /^tss_[0-9A-Za-z]{49}$/

/** A new secret: `tss_`, 32 random bytes in 43 base62 digits, and a checksum. No encoding that clients use changes base62 digits. */
export const generateSecret = (random: RandomBytes): string =>
  withChecksum(PREFIX + base62(BigInt(`0x${random(32).toString('hex')}`), 43))

/** Whether a secret has the form of a generated one, regardless of its checksum. If not, it can't be one. */
export const looksGenerated = (secret: string): boolean => GENERATED.test(secret)

/** Whether a secret has the form and the checksum of a generated one. It may still be wrong. */
export const isGenerated = (secret: string): boolean => looksGenerated(secret) && withoutChecksum(secret) !== undefined
