import { decodeUtf8 } from '../../platform/text.ts'
import { nameOfType } from './attribute-types.ts'
import { type DerElement, DerError, expectTag, readElements, readOid, TAG } from './der.ts'

/** One attribute of a name. */
export interface NameAttribute {
  /** A dotted OID. */
  readonly type: string
  /** Text, or the DER of a value that is none. */
  readonly value: string | Buffer
}

/**
 * A name as a list of its parts, each one attribute or several (RFC 5280 §4.1.2.4), in the order of RFC 4514: the
 * reverse of the DER, most specific first.
 */
export type DistinguishedName = readonly (readonly NameAttribute[])[]

/** Bytes of DER. Names in use have some 200, and a name of over 1,024 characters can't be registered. */
const LARGEST_NAME = 2_048
const MOST_PARTS = 64
/** In one part. Nearly every part has one. */
const MOST_ATTRIBUTES = 16
/** Characters of one value. RFC 5280 Appendix A allows 64 or 128 for the attributes that are used most. */
const LONGEST_VALUE = 512
/**
 * Normalising takes time that grows with the square of the combining marks in a row. No language has words with more than 30
 * (Stream-Safe Text Format, UAX #15 §13).
 */
const MARKS = /\p{M}{31}/u

const latin1 = (content: Buffer) => content.toString('latin1')
const ascii = (content: Buffer) => (content.every((octet) => octet < 0x80) ? latin1(content) : undefined)

/** Text of the types that a name may be written in, by tag; undefined where the bytes are not of the type. */
const textOf = new Map<number, (content: Buffer) => string | undefined>([
  [TAG.utf8String, decodeUtf8],
  // NumericString, PrintableString, IA5String, VisibleString.
  [0x12, ascii],
  [0x13, ascii],
  [0x16, ascii],
  [0x1a, ascii],
  // TeletexString: Latin-1 is what everybody wrote into it.
  [0x14, latin1],
  // BMPString.
  [0x1e, decodeUtf16],
])

function decodeUtf16(content: Buffer): string | undefined {
  if (content.length % 2 !== 0) return undefined
  const text = Buffer.from(content).swap16().toString('utf16le')
  return text.isWellFormed() ? text : undefined
}

/** The value of an attribute. */
export const attributeValue = (element: DerElement): string | Buffer =>
  textOf.get(element.tag)?.(element.content) ?? element.encoded

/** Why the value of an attribute is not taken, in words that follow its name; undefined where it is. */
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
 * Whether two names are the same, part by part and in order, as `caseIgnoreMatch` compares (RFC 4517 §4.2.11): neither
 * case nor runs of spaces count. Stricter than RFC 4518 §2.3 in one thing: letters that only look alike, such as
 * full-width ones, are not the same.
 */
export function isSameName(one: DistinguishedName, other: DistinguishedName): boolean {
  return one.length === other.length && keyOf(one) === keyOf(other)
}

/** A search for a path compares each name with many others. */
const keys = new WeakMap<DistinguishedName, string>()

function keyOf(name: DistinguishedName): string {
  const known = keys.get(name)
  if (known !== undefined) return known
  const key = JSON.stringify(name.map((part) => part.map(keyOfAttribute).sort()))
  keys.set(name, key)
  return key
}

const keyOfAttribute = ({ type, value }: NameAttribute): string =>
  `${type}${typeof value === 'string' ? `=${prepare(value)}` : `#${value.toString('hex')}`}`

const prepare = (value: string): string =>
  value.normalize('NFC').toLowerCase().replaceAll(/\s+/g, ' ').replaceAll(/^ | $/g, '')

/** A name as text (RFC 4514 §2); what no terminal or log should see is escaped. */
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
