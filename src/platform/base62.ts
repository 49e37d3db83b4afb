import { crc32 } from 'node:zlib'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const CHECKSUM_LENGTH = 6

/** A number in base62, with zeros in front to fill `length` digits. Base62 needs no escaping in any encoding that clients use. */
export function base62(value: bigint, length: number): string {
  let digits = ''
  for (let rest = value; digits.length < length; rest /= 62n) digits = ALPHABET.charAt(Number(rest % 62n)) + digits
  return digits
}

/** Appends the CRC-32 of a text in six base62 digits. A scanner can then tell a leaked secret from similar text. */
export const withChecksum = (text: string): string => text + checksum(text)

/** Removes the checksum that `withChecksum` appended. Undefined if the checksum is wrong. */
export function withoutChecksum(checked: string): string | undefined {
  const text = checked.slice(0, -CHECKSUM_LENGTH)
  return checked.endsWith(checksum(text)) ? text : undefined
}

function checksum(text: string): string {
  let digits = ''
  for (let rest = crc32(text); digits.length < CHECKSUM_LENGTH; rest = Math.floor(rest / 62)) {
    digits = ALPHABET.charAt(rest % 62) + digits
  }
  return digits
}
