/** What a URI is made of (RFC 3986 §2): visible ASCII, and a `%` before two hexadecimal digits only. */
const URI = /^https?:\/\/(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9a-f]{2})+$/i
const LONGEST = 2048
const UNRESERVED = /[\w\-.~]/

/**
 * Whether two URIs are the same but for query and fragment, after the normalisation of RFC 3986 §6.2.2 and §6.2.3: case of
 * scheme, host and percent-encoding, needless encoding, dots in the path, default ports (RFC 9449 §4.3).
 */
export const isSameUri = (expected: string, given: string): boolean =>
  given === expected || (normalise(given) ?? '') === normalise(expected)

/** Undefined where the text is no absolute `http` or `https` URI, or has a user in it. */
function normalise(text: string): string | undefined {
  if (text.length > LONGEST || !URI.test(text)) return undefined
  const end = text.search(/[?#]/)
  const plain = (end === -1 ? text : text.slice(0, end)).replaceAll(/%[0-9a-f]{2}/gi, decodeUnreserved)
  const url = URL.parse(plain)
  if (url === null || url.username !== '' || url.password !== '') return undefined
  return url.origin + url.pathname
}

function decodeUnreserved(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
  return UNRESERVED.test(character) ? character : encoded.toUpperCase()
}
