import type { RandomBytes } from '../../platform/random.ts'
import { hashToken } from '../token.ts'
import { base32 } from './totp.ts'

const CODES = 10
/** 80 bits, so that a fast hash is enough. */
const BYTES = 10

/** Ten new codes, such as `ABCD-EFGH-IJKL-MNOP`. */
export const newRecoveryCodes = (random: RandomBytes): readonly string[] =>
  Array.from({ length: CODES }, () => base32(Buffer.from(random(BYTES))).replace(/(.{4})(?=.)/g, '$1-'))

/** The code without the marks and the letter case that people change when they type it. */
const normal = (code: string): string => code.replace(/[\s-]/g, '').toUpperCase()

/** The stored form of a code of an account. */
export const hashRecoveryCode = (accountId: string, code: string): string => hashToken(`${accountId} ${normal(code)}`)
