import { nameOfType } from './attribute-types.ts'
import { type DerElement, expectTag, readElement, readElements, readOid, TAG } from './der.ts'

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

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
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

/** UTF-8 as text; undefined where it is none. */
export function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

function decodeUtf16(content: Buffer): string | undefined {
  if (content.length % 2 !== 0) return undefined
  const text = Buffer.from(content).swap16().toString('utf16le')
  return text.isWellFormed() ? text : undefined
}

/** The value of an attribute. */
export const attributeValue = (element: DerElement): string | Buffer =>
  textOf.get(element.tag)?.(element.content) ?? element.encoded

/** Reads a `Name` (RFC 5280 §4.1.2.4). @throws DerError */
export function readName(element: DerElement | undefined): DistinguishedName {
  const parts = readElements(expectTag(element, TAG.sequence).content)
  return parts.map((part) => readElements(expectTag(part, TAG.set).content).map(readAttribute)).reverse()
}

function readAttribute(element: DerElement): NameAttribute {
  const [type, value, ...rest] = readElements(expectTag(element, TAG.sequence).content)
  if (value === undefined || rest.length > 0) expectTag(undefined, TAG.sequence)
  return { type: readOid(type), value: value === undefined ? '' : attributeValue(readElement(value.encoded)) }
}

/**
 * Whether two names are the same, part by part and in order, as `caseIgnoreMatch` compares (RFC 4517 §4.2.11): neither
 * case nor runs of spaces count. Stricter than RFC 4518 §2.3 in one thing: letters that only look alike, such as
 * full-width ones, are not the same.
 */
export function isSameName(one: DistinguishedName, other: DistinguishedName): boolean {
  return one.length === other.length && one.every((part, index) => keyOf(part) === keyOf(other[index] ?? []))
}

const keyOf = (part: readonly NameAttribute[]): string => JSON.stringify(part.map(keyOfAttribute).sort())

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
