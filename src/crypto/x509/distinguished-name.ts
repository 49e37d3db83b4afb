import { decodeUtf8 } from '../../platform/text.ts'
import { nameOfType } from './attribute-types.ts'
import { type DerElement, DerError, expectTag, readElements, readOid, TAG } from './der.ts'

/** One attribute of a name. */
export interface NameAttribute {
  /** A dotted OID. */
  readonly type: string
  /** Text, or the DER of a value that is not text. */
  readonly value: string | Buffer
}

/**
 * A name as a list of parts with one or more attributes each (RFC 5280 §4.1.2.4). The order is that of RFC 4514: most specific
 * first, the reverse of the DER.
 */
export type DistinguishedName = readonly (readonly NameAttribute[])[]

/** The most bytes of DER. Names in use have about 200, and a name of over 1,024 characters can't be registered. */
const LARGEST_NAME = 2_048
const MOST_PARTS = 64
/** The most attributes in one part. Nearly every part has one. */
const MOST_ATTRIBUTES = 16
/** The most characters of one value. RFC 5280 Appendix A allows 64 or 128 for the common attributes. */
const LONGEST_VALUE = 512
/**
 * Finds too many combining marks in a row. The time of normalisation grows with the square of their number. No language has words
 * with more than 30 (Stream-Safe Text Format, UAX #15 §13).
 */
const MARKS = /\p{M}{31}/u

const latin1 = (content: Buffer) => content.toString('latin1')
const ascii = (content: Buffer) => (content.every((octet) => octet < 0x80) ? latin1(content) : undefined)

/** Decoders of the string types that a name may use, by tag. They return undefined for invalid bytes. */
const textOf = new Map<number, (content: Buffer) => string | undefined>([
  [TAG.utf8String, decodeUtf8],
  // NumericString, PrintableString, IA5String, VisibleString.
  [0x12, ascii],
  [0x13, ascii],
  [0x16, ascii],
  [0x1a, ascii],
  // TeletexString. In practice everybody wrote Latin-1.
  [0x14, latin1],
  // BMPString.
  [0x1e, decodeUtf16],
])

function decodeUtf16(content: Buffer): string | undefined {
  if (content.length % 2 !== 0) return undefined
  const text = Buffer.from(content).swap16().toString('utf16le')
  return text.isWellFormed() ? text : undefined
}

/** The value of an attribute: text if its type is a known string type, else its DER. */
export const attributeValue = (element: DerElement): string | Buffer =>
  textOf.get(element.tag)?.(element.content) ?? element.encoded

/** The problem with the value of an attribute, in words that follow its name; undefined if it is accepted. */
export function problemOfValue(value: string | Buffer): string | undefined {
  if (value.length > LONGEST_VALUE) return `has over ${LONGEST_VALUE} characters`
  return typeof value === 'string' && MARKS.test(value) ? 'has over 30 combining marks in a row' : undefined
}

/** Reads a `Name` (RFC 5280 §4.1.2.4). @throws DerError */
export function readName(element: DerElement | undefined): DistinguishedName {
  const { content } = expectTag(element, TAG.sequence)
  if (content.length > LARGEST_NAME) throw new DerError(`a name has over ${LARGEST_NAME} bytes`)
  const parts = readElements(content, MOST_PARTS)
  return parts
    .map((part) => readElements(expectTag(part, TAG.set).content, MOST_ATTRIBUTES).map(readAttribute))
    .reverse()
}

function readAttribute(element: DerElement): NameAttribute {
  const [type, content] = readElements(expectTag(element, TAG.sequence).content, 2)
  if (content === undefined) throw new DerError('an attribute of a name has no value')
  const value = attributeValue(content)
  const problem = problemOfValue(value)
  if (problem !== undefined) throw new DerError(`an attribute of a name ${problem}`)
  return { type: readOid(type), value }
}

/**
 * Whether two names are equal, part by part and in order. Values are compared as by `caseIgnoreMatch` (RFC 4517 §4.2.11), which
 * ignores case and runs of spaces. It is stricter than RFC 4518 §2.3 in one point: compatibility forms of letters, such as
 * full-width ones, are different.
 */
export const isSameName = (one: DistinguishedName, other: DistinguishedName): boolean => nameKey(one) === nameKey(other)

/** A text that is the same for two names only if `isSameName` holds. */
export const nameKey = (name: DistinguishedName): string =>
  JSON.stringify(name.map((part) => part.map(keyOfAttribute).sort()))

const keyOfAttribute = ({ type, value }: NameAttribute): string =>
  `${type}${typeof value === 'string' ? `=${prepare(value)}` : `#${value.toString('hex')}`}`

const prepare = (value: string): string =>
  value.normalize('NFC').toLowerCase().replaceAll(/\s+/g, ' ').replaceAll(/^ | $/g, '')

/** A name as text (RFC 4514 §2). Characters that are unsafe in terminals and logs are escaped. */
export const formatName = (name: DistinguishedName): string =>
  name.map((part) => part.map(formatAttribute).join('+')).join(',')

const formatAttribute = ({ type, value }: NameAttribute): string =>
  `${nameOfType(type)}=${typeof value === 'string' ? escapeValue(value) : `#${value.toString('hex')}`}`

const escapeValue = (value: string): string =>
  value
    .replaceAll(/["+,;<>\\]|^[ #]| $/g, '\\$&')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (hidden) =>
      Buffer.from(hidden).toString('hex').replaceAll(/../g, String.raw`\$&`),
    )
