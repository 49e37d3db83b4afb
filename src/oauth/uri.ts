/** RFC 3986 Appendix B, for a URI that has a scheme. */
const PARTS = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(.*)$/is
const AUTHORITY = /^(.*@)?(\[[^\]]*\]|[^:@]*)(?::(\d*))?$/s
const UNRESERVED = /[\w\-.~]/
/** What is left out where it is the scheme's own (RFC 9110 §4.2). */
const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ['http', '80'],
  ['https', '443'],
])
/** No audience, and no address of an endpoint, is as long, were each of its characters escaped. */
const LONGEST = 4096

/** Whether two URIs are equivalent after the normalisation of {@link normaliseUri}. */
export const isSameUri = (one: string, other: string): boolean =>
  one === other || normaliseUri(one) === normaliseUri(other)

/**
 * One text for all URIs that RFC 3986 §6.2.2 and §6.2.3 call equivalent: case of scheme, host and escapes, needless escapes,
 * dots in the path, the default port, an empty path. Not by the URL parser of browsers, which takes more for equal than that.
 * Text that is no absolute URI, or is too long to be looked at, stands for itself.
 */
export function normaliseUri(text: string): string {
  if (text.length > LONGEST) return text
  const [, scheme, authority, path = '', rest = ''] = PARTS.exec(text) ?? []
  if (scheme === undefined) return text
  const end = normaliseEscapes(rest)
  if (authority === undefined) return `${scheme.toLowerCase()}:${normaliseEscapes(path)}${end}`
  const where = normaliseAuthority(scheme.toLowerCase(), normaliseEscapes(authority))
  return where === undefined ? text : `${where}${withoutDots(normaliseEscapes(path))}${end}`
}

/** Undefined where it is none. */
function normaliseAuthority(scheme: string, authority: string): string | undefined {
  const [, user = '', host, port = ''] = AUTHORITY.exec(authority) ?? []
  if (host === undefined) return undefined
  const shownPort = port === '' || port === DEFAULT_PORTS.get(scheme) ? '' : `:${port}`
  return `${scheme}://${user}${lowerCaseHost(host)}${shownPort}`
}

/** Escapes of characters that need none are undone, and the others are in upper case (RFC 3986 §6.2.2.1, §6.2.2.2). */
const normaliseEscapes = (text: string): string =>
  text.replaceAll(/%[0-9a-f]{2}/gi, (octet) => {
    const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16))
    return UNRESERVED.test(character) ? character : octet.toUpperCase()
  })

/** All but the escapes, whose letters are in upper case. */
const lowerCaseHost = (host: string): string =>
  host.replaceAll(/%[0-9A-F]{2}|[A-Z]/g, (found) => (found.length === 1 ? found.toLowerCase() : found))

/** The path of a URI with an authority without `.` and `..` (RFC 3986 §5.2.4); an empty one is `/`. */
function withoutDots(path: string): string {
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  // What ends in dots ends in a folder.
  if (/^\.\.?$/.test(segments.at(-1) ?? '')) kept.push('')
  return `/${kept.join('/')}`
}
