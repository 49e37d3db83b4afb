import { createHmac } from 'node:crypto'
import { constantTimeEqual } from '../token.ts'

/** RFC 6238 §5.2 recommends 30 seconds. */
export const STEP_MS = 30_000
const DIGITS = 6
/** The steps before and after the present one whose codes are accepted (RFC 6238 §5.2). */
const SKEW = 1
/** RFC 4226 §4 R6 recommends 160 bits. */
export const TOTP_SECRET_BYTES = 20

/** RFC 4648 §6. Authenticator apps take secrets in this form. */
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Bytes in base32 without padding. The number of their bits must be a multiple of five. */
export const base32 = (bytes: Buffer): string => {
  let digits = ''
  for (let rest = BigInt(`0x${bytes.toString('hex')}`), left = (bytes.length * 8) / 5; left > 0; left -= 1, rest >>= 5n)
    digits = BASE32.charAt(Number(rest & 31n)) + digits
  return digits
}

/** The code of a time step (RFC 4226 §5.3). */
export function totpCode(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  const offset = mac.readUInt8(mac.length - 1) & 0x0f
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** DIGITS).padStart(DIGITS, '0')
}

/**
 * The time step whose code this is.
 * @param now milliseconds @param after the last step that was used; only later ones count
 * @returns undefined if the code is wrong, or was used
 */
export function findTotpStep(secret: Buffer, code: string, now: number, after: number): number | undefined {
  const present = Math.floor(now / STEP_MS)
  let found: number | undefined
  for (let step = Math.max(0, present - SKEW); step <= present + SKEW; step += 1)
    if (constantTimeEqual(totpCode(secret, step), code) && step > after) found ??= step
  return found
}

/** The address that an app reads from a QR code (https://github.com/google/google-authenticator/wiki/Key-Uri-Format). */
export function totpUri(secret: Buffer, account: string, issuer: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1000}`
}
