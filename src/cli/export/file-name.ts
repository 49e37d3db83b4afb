import { hash } from 'node:crypto'

/** Characters of an encoded name. File systems take 255 bytes. */
const LONGEST = 180

/**
 * A part of a file name for a text, the same every time and for no other text, also where file systems ignore case. Texts of small
 * letters, digits, `.`, `_` and `-` stand for themselves.
 */
export function fileNameOf(text: string): string {
  const name = [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return /[a-z0-9._-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST)}%${hash('sha256', text, 'hex').slice(0, 16)}`
}
