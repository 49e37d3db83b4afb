import { normaliseUri } from '../oauth/uri.ts'

/** What a URI is made of (RFC 3986 §2): visible ASCII, and a `%` before two hexadecimal digits only. */
const URI = /^https?:\/\/(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9a-f]{2})+$/i
const LONGEST = 2048

/** Whether two URIs are equivalent without their query and fragment, in any spelling (RFC 9449 §4.3). */
export const isSameTarget = (expected: string, given: string): boolean =>
  given === expected || (normalise(given) ?? '') === normalise(expected)

/** Undefined if the text is no absolute `http` or `https` URI. */
function normalise(text: string): string | undefined {
  if (text.length > LONGEST || !URI.test(text)) return undefined
  const end = text.search(/[?#]/)
  return normaliseUri(end === -1 ? text : text.slice(0, end))
}
