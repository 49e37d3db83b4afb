import { TAG } from './der.ts'

/** Writes one element with the shortest definite length (X.690 §10.1). @param parts bytes or elements */
export function writeElement(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content])
}

export const writeSequence = (...parts: readonly Buffer[]): Buffer => writeElement(TAG.sequence, ...parts)

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return [0x80 | octets.length, ...octets]
}

/** Writes an object identifier (X.690 §8.19). @param dotted such as `2.5.4.3` */
export function writeOid(dotted: string): Buffer {
  const [root = 0, second = 0, ...arcs] = dotted.split('.').map(Number)
  return writeElement(TAG.oid, Buffer.from([40 * root + second, ...arcs].flatMap(base128)))
}

/** Encodes an arc: seven bits in each octet; all but the last have the eighth bit set. */
function base128(arc: number): readonly number[] {
  const octets = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) octets.unshift(0x80 | (rest % 128))
  return octets
}

export const writeBoolean = (value: boolean): Buffer => writeElement(TAG.boolean, Buffer.from([value ? 0xff : 0]))

/** Writes a non-negative number (X.690 §8.3). @param bytes big-endian, without leading zeros */
export function writeUnsigned(bytes: Buffer): Buffer {
  const [first = 0] = bytes
  return writeElement(TAG.integer, Buffer.from(bytes.length === 0 || first >= 0x80 ? [0] : []), bytes)
}

export const writeOctets = (bytes: Buffer): Buffer => writeElement(TAG.octetString, bytes)

/** @param unused the number of unused bits in the last octet */
export const writeBits = (bytes: Buffer, unused = 0): Buffer =>
  writeElement(TAG.bitString, Buffer.from([unused]), bytes)

/** Writes a text of letters, digits and a few signs (X.680 §41.4). */
export const writePrintable = (text: string): Buffer => writeElement(TAG.printableString, Buffer.from(text, 'latin1'))

/** Writes a time, to the second. The year has two digits until 2049 (RFC 5280 §4.1.2.5). @param time milliseconds */
export function writeTime(time: number): Buffer {
  const date = new Date(time)
  const digits = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
  return date.getUTCFullYear() < 2050
    ? writeElement(TAG.utcTime, Buffer.from(digits.slice(2)))
    : writeElement(TAG.generalizedTime, Buffer.from(digits))
}
