import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { context, type DerElement, DerError, expectTag, readElements, TAG } from './der.ts'

/** The alternative names of a certificate that can identify a client (RFC 5280 §4.2.1.6), unchanged. */
export interface AlternativeNames {
  readonly dns: readonly string[]
  readonly uri: readonly string[]
  /** IP addresses in the form of `canonicalAddress`. */
  readonly ip: readonly string[]
  readonly email: readonly string[]
}

/** The most names that are read. Public authorities sign up to 100. */
const MOST_NAMES = 256

export const NO_NAMES: AlternativeNames = { dns: [], uri: [], ip: [], email: [] }

/** The kinds of `GeneralName`, by tag. Others, such as `otherName`, can't identify a client here. */
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
 * The canonical text of an address (RFC 5952); undefined if the text is not an address or has a zone. A mapped IPv4 address stays
 * different from the IPv4 address, since a certificate distinguishes them by length (RFC 5280 §4.2.1.6).
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  return isIPv6(text) && !text.includes('%') ? new SocketAddress({ address: text, family: 'ipv6' }).address : undefined
}
