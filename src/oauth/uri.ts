/** RFC 3986 Appendix B, for a URI that has a scheme. */
const PARTS = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(.*)/is
const AUTHORITY = /^(.*@)?(\[[^\]]*\]|[^:@]*)(?::(\d*))?$/s
const UNRESERVED = /[\w\-.~]/
/** Default ports, which are left out (RFC 9110 §4.2). */
const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ['http', '80'],
  ['https', '443'],
])
/** No audience or endpoint URI is this long, even with every character escaped. */
const LONGEST = 4096

/** Whether two URIs are equivalent after the normalisation of {@link normaliseUri}. */
export const isSameUri = (one: string, other: string): boolean =>
  one === other || normaliseUri(one) === normaliseUri(other)

/**
 * Returns one text for all URIs that are equivalent by RFC 3986 §6.2.2 and §6.2.3. It normalises the case of scheme,
 * host and escapes, needless escapes, dots in the path, the default port, and an empty path. It does not use the URL
 * parser of browsers, which treats more URIs as equal. Text that is no absolute URI, or is too long, is returned
 * unchanged.
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

/** Undefined if the authority is not well-formed. */
function normaliseAuthority(scheme: string, authority: string): string | undefined {
  const [, user = '', host, port = ''] = AUTHORITY.exec(authority) ?? []
  if (host === undefined) return undefined
  const shownPort = port === '' || port === DEFAULT_PORTS.get(scheme) ? '' : `:${port}`
  return `${scheme}://${user}${lowerCaseHost(host)}${shownPort}`
}

/** Decodes needless escapes, and puts the others in upper case (RFC 3986 §6.2.2.1, §6.2.2.2). */
const normaliseEscapes = (text: string): string =>
  text.replaceAll(/%[0-9a-f]{2}/gi, (octet) => {
    const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16))
    return UNRESERVED.test(character) ? character : octet.toUpperCase()
  })

/** Lowers the case of everything except escapes, which are in upper case. */
const lowerCaseHost = (host: string): string =>
  host.replaceAll(/%[0-9A-F]{2}|[A-Z]/g, (found) => (found.length === 1 ? found.toLowerCase() : found))

/** Removes `.` and `..` from the path of a URI with an authority (RFC 3986 §5.2.4). An empty path becomes `/`. */
function withoutDots(path: string): string {
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  // A path that ends in dots ends in a slash.
  if (/^\.\.?$/.test(segments.at(-1) ?? '')) kept.push('')
  return `/${kept.join('/')}`
}
