import { canonicalAddress, withoutZone } from '../platform/addresses.ts'

/** The header in which the proxies say whom they have a request from; `either`: `X-Forwarded-For`, or `Forwarded` without one. */
export const forwardedHeaders = ['either', 'x-forwarded-for', 'forwarded'] as const
export type ForwardedHeader = (typeof forwardedHeaders)[number]

/**
 * Whom each proxy has had the request from, the last proxy's word first; undefined for one that is not told, or not as an
 * address. Read from its end as far as is asked for: what stands before the word of our own proxies is anybody's.
 */
export type Hops = Generator<string | undefined, void, undefined>

/** What stands in `X-Forwarded-For`. */
export function* readForwardedFor(header: string): Hops {
  for (const hop of itemsFromEnd(header)) yield readNode(unquote(hop.trim()))
}

/** What stands in `Forwarded` (RFC 7239 §4). */
export function* readForwarded(header: string): Hops {
  for (const element of itemsFromEnd(header)) yield readNode(parameterOf(element, 'for') ?? '')
}

/** The items of a list from the last to the first. A comma within quotes ends none (RFC 9110 §5.6.1, §5.6.4). */
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

/** One parameter, and what ends it. */
const PARAMETER = /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[^";, \t]*)[ \t]*)?(;|$)/gsy

/** The value of a parameter; undefined where it is not there, or the element is not well-formed. */
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

/** An address in brackets as IPv6 has them, or without, and the port that some proxies write (RFC 7239 §6). */
const BRACKETED = /^\[([^\]]*)\](?::(?:\d{1,5}|_[\w.-]+))?$/
const WITH_PORT = /^([\d.]+):(?:\d{1,5}|_[\w.-]+)$/

/** The address of a node; undefined where it is `unknown`, or hidden (RFC 7239 §6.2, §6.3). */
function readNode(node: string): string | undefined {
  const [, address = node] = BRACKETED.exec(node) ?? WITH_PORT.exec(node) ?? []
  return canonicalAddress(withoutZone(address))
}
