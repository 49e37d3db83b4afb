/** One element of DER: a tag, a length, a content (X.690 §8.1). */
export interface DerElement {
  /** The identifier octet, with class and form. */
  readonly tag: number
  readonly content: Buffer
  /** The whole element, with tag and length. */
  readonly encoded: Buffer
}

/** Thrown for bytes that are not DER, or not the expected structure. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

/** Identifier octets of the types that occur in certificates (X.690 §8.14, X.680 §8.4). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** The tag of a context-specific element: `[n]`, constructed or primitive. */
export const context = (number: number, isConstructed = true): number => 0x80 | (isConstructed ? 0x20 : 0) | number

/**
 * Reads consecutive elements.
 * @param most the most elements; each caller states its own limit
 * @throws DerError
 */
export function readElements(bytes: Buffer, most: number): readonly DerElement[] {
  const elements: DerElement[] = []
  for (let at = 0; at < bytes.length; ) {
    if (elements.length === most) throw new DerError(`a list has over ${most} elements`)
    const element = readAt(bytes, at)
    elements.push(element)
    at += element.encoded.length
  }
  return elements
}

/** Reads exactly one element, with no bytes after it. @throws DerError */
export function readElement(bytes: Buffer, tag?: number): DerElement {
  const element = readAt(bytes, 0)
  if (element.encoded.length !== bytes.length) throw new DerError('bytes follow the element')
  return expectTag(element, tag ?? element.tag)
}

/** @throws DerError if the element is absent or has another tag */
export function expectTag(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw new DerError(`expected tag ${tag}, got ${element?.tag ?? 'nothing'}`)
  return element
}

function readAt(bytes: Buffer, start: number): DerElement {
  const tag = bytes[start]
  const first = bytes[start + 1]
  if (tag === undefined || first === undefined) throw new DerError('the bytes end within an element')
  // Tags of several octets don't occur in certificates.
  if ((tag & 0x1f) === 0x1f) throw new DerError('a tag is too large')
  const octets = first < 0x80 ? 0 : first & 0x7f
  // X.690 §10.1: lengths are definite and as short as possible.
  if (first === 0x80 || octets > 3) throw new DerError('a length is indefinite or too large')
  const contentStart = start + 2 + octets
  if (contentStart > bytes.length) throw new DerError('the bytes end within a length')
  const length = octets === 0 ? first : bytes.readUIntBE(start + 2, octets)
  if (octets > 0 && (length < 0x80 || length < 2 ** (8 * (octets - 1)))) throw new DerError('a length is not minimal')
  const end = contentStart + length
  if (end > bytes.length) throw new DerError('the bytes end within an element')
  return { tag, content: bytes.subarray(contentStart, end), encoded: bytes.subarray(start, end) }
}

/** The most bytes. The longest OIDs in use hold a UUID and have 20 (X.667 §7). Longer numbers take ever more time per byte. */
const LONGEST_OID = 64

/** Reads an object identifier in dotted form (X.690 §8.19). @throws DerError */
export function readOid(element: DerElement | undefined): string {
  const { content } = expectTag(element, TAG.oid)
  if (content.length > LONGEST_OID) throw new DerError(`an object identifier has over ${LONGEST_OID} bytes`)
  const arcs: bigint[] = []
  let arc = 0n
  let isInside = false
  for (const octet of content) {
    if (!isInside && octet === 0x80) throw new DerError('an object identifier is not minimal')
    arc = (arc << 7n) | BigInt(octet & 0x7f)
    isInside = octet >= 0x80
    if (isInside) continue
    if (arcs.length === 0) {
      const root = arc < 80n ? arc / 40n : 2n
      arcs.push(root, arc - root * 40n)
    } else arcs.push(arc)
    arc = 0n
  }
  if (isInside || arcs.length === 0) throw new DerError('an object identifier is not well-formed')
  return arcs.join('.')
}

/** @throws DerError */
export function readBoolean(element: DerElement): boolean {
  const { content } = expectTag(element, TAG.boolean)
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerError('a boolean is not DER')
  return content[0] === 0xff
}

/** Reads a number from 0 to 255. No path length in use is larger. @throws DerError */
export function readSmallInteger(element: DerElement): number {
  const { content } = expectTag(element, TAG.integer)
  const [first = 0, second = 0] = content
  if (content.length === 1 && first < 0x80) return first
  if (content.length === 2 && first === 0 && second >= 0x80) return second
  throw new DerError('a number is out of range')
}
