import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { context, type DerElement, DerError, expectTag, readElements, TAG } from './der.ts'

/** The names of a certificate of the kinds that a client may be known by (RFC 5280 §4.2.1.6), as they stand there. */
export interface AlternativeNames {
  readonly dns: readonly string[]
  readonly uri: readonly string[]
  /** In the form of `canonicalAddress`. */
  readonly ip: readonly string[]
  readonly email: readonly string[]
}

/** A client is known by one of them, and public authorities sign up to 100. */
const MOST_NAMES = 256

export const NO_NAMES: AlternativeNames = { dns: [], uri: [], ip: [], email: [] }

/** The kinds of `GeneralName`, by tag; others, such as `otherName`, name no client here. */
const kinds = new Map<number, readonly [keyof AlternativeNames, (content: Buffer) => string]>([
  [context(1, false), ['email', readAscii]],
  [context(2, false), ['dns', readAscii]],
  [context(6, false), ['uri', readAscii]],
  [context(7, false), ['ip', readAddress]],
])

/** @throws DerError */
export function readAlternativeNames(element: DerElement): AlternativeNames {
  const names: Record<keyof AlternativeNames, string[]> = { dns: [], uri: [], ip: [], email: [] }
  for (const { tag, content } of readElements(expectTag(element, TAG.sequence).content, MOST_NAMES)) {
    const kind = kinds.get(tag)
    if (kind !== undefined) names[kind[0]].push(kind[1](content))
  }
  return names
}

function readAscii(content: Buffer): string {
  if (content.some((octet) => octet >= 0x80)) throw new DerError('an alternative name is not IA5String')
  return content.toString('latin1')
}

function readAddress(content: Buffer): string {
  const words = [0, 2, 4, 6, 8, 10, 12, 14]
  const text =
    content.length === 16
      ? words.map((at) => content.readUInt16BE(at).toString(16)).join(':')
      : content.length === 4 && content.join('.')
  const address = text === false ? undefined : canonicalAddress(text)
  if (address === undefined) throw new DerError('an alternative name is not an address')
  return address
}

/**
 * One text for each address, however it was written (RFC 5952); undefined for text that is no address, or has a zone. An IPv4 address
 * mapped into IPv6 stays another address than the IPv4 one: a certificate names either, by its length (RFC 5280 §4.2.1.6).
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  return isIPv6(text) && !text.includes('%') ? new SocketAddress({ address: text, family: 'ipv6' }).address : undefined
}
