import { canonicalAddress, withoutZone } from '../platform/addresses.ts'

/** The header in which proxies name the sender of a request. `either`: `X-Forwarded-For`, or `Forwarded` if that is missing. */
export const forwardedHeaders = ['either', 'x-forwarded-for', 'forwarded'] as const
export type ForwardedHeader = (typeof forwardedHeaders)[number]

/**
 * The sender that each proxy names, the last proxy first; undefined for a hidden or malformed one. The header is read
 * lazily from its end, since clients can forge everything before the entries of our own proxies.
 */
export type Hops = Generator<string | undefined, void, undefined>

/** Reads `X-Forwarded-For`. */
export function* readForwardedFor(header: string): Hops {
  for (const hop of itemsFromEnd(header)) yield readNode(unquote(hop.trim()))
}

/** Reads `Forwarded` (RFC 7239 §4). */
export function* readForwarded(header: string): Hops {
  for (const element of itemsFromEnd(header)) yield readNode(parameterOf(element, 'for') ?? '')
}

/** The items of a list, from the last to the first. A comma within quotes does not end an item (RFC 9110 §5.6.1, §5.6.4). */
function* itemsFromEnd(list: string): Generator<string, void, undefined> {
  let end = list.length
  let isQuoted = false
  for (let at = list.length - 1; at >= 0; at -= 1) {
    const character = list[at]
    if (character === '"' && !isEscaped(list, at)) isQuoted = !isQuoted
    if (character !== ',' || isQuoted) continue
    yield list.slice(at + 1, end)
    end = at
  }
  yield list.slice(0, end)
}

function isEscaped(text: string, at: number): boolean {
  let before = at
  while (text[before - 1] === '\\') before -= 1
  return (at - before) % 2 === 1
}

/** One parameter, and the character that ends it. */
const PARAMETER = /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[^";, \t]*)[ \t]*)?(;|$)/gsy

/** The value of a parameter; undefined if it is missing or the element is not well-formed. */
function parameterOf(element: string, wanted: string): string | undefined {
  let found: string | undefined
  let end = 0
  for (const [parameter, name = '', value = ''] of element.matchAll(PARAMETER)) {
    end += parameter.length
    if (name.toLowerCase() === wanted) found = unquote(value)
  }
  return end === element.length ? found : undefined
}

const unquote = (text: string): string => (/^".*"$/s.test(text) ? text.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : text)

/** An address, in brackets if it is IPv6, perhaps with a port (RFC 7239 §6). */
const BRACKETED = /^\[([^\]]*)\](?::(?:\d{1,5}|_[\w.-]+))?$/
const WITH_PORT = /^([\d.]+):(?:\d{1,5}|_[\w.-]+)$/

/** Characters. The longest address has 45 (RFC 4291 §2.2). It may have a short zone, brackets and a port. */
const LONGEST_NODE = 80

/** The address of a node; undefined if it is `unknown` or obfuscated (RFC 7239 §6.2, §6.3). */
function readNode(node: string): string | undefined {
  if (node.length > LONGEST_NODE) return undefined
  const [, address = node] = BRACKETED.exec(node) ?? WITH_PORT.exec(node) ?? []
  return canonicalAddress(withoutZone(address))
}
