import { base62, withChecksum, withoutChecksum } from '../../platform/base62.ts'
import type { RandomBytes } from '../../platform/random.ts'

const PREFIX = 'tss_'
const GENERATED = /^tss_[0-9A-Za-z]{49}$/

/**
 * A new secret: `tss_`, 32 random bytes in 43 base62 digits, and a checksum. Base62, so that no client's way of encoding can
 * change it.
 */
export const generateSecret = (random: RandomBytes): string =>
  withChecksum(PREFIX + base62(BigInt(`0x${random(32).toString('hex')}`), 43))

/** Whether a secret has the form of a generated one, but for the checksum: whether it is worth a look among those. */
export const looksGenerated = (secret: string): boolean => GENERATED.test(secret)

/** Whether a secret has the form of a generated one, checksum included. Says nothing of whether it is right. */
export const isGenerated = (secret: string): boolean => looksGenerated(secret) && withoutChecksum(secret) !== undefined
