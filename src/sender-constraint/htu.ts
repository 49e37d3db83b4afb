import { normaliseUri } from '../oauth/uri.ts'

/** A URI (RFC 3986 §2): visible ASCII, in which two hexadecimal digits follow each `%`. */
const URI = /^https?:\/\/(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9a-f]{2})+$/i
const LONGEST = 2048

/** Whether two URIs are equivalent, apart from their query and fragment (RFC 9449 §4.3). */
export const isSameTarget = (expected: string, given: string): boolean =>
  given === expected || (normalise(given) ?? '') === normalise(expected)

/** Normalises a URI; undefined if the text is not an absolute `http` or `https` URI. */
function normalise(text: string): string | undefined {
  if (text.length > LONGEST || !URI.test(text)) return undefined
  const end = text.search(/[?#]/)
  return normaliseUri(end === -1 ? text : text.slice(0, end))
}
