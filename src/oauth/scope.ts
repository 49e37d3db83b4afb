/** A scope's name: `scope-token` of RFC 6749 §3.3, visible ASCII except `"` and `\`. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** Whether `name` may stand as one scope in a `scope` parameter (RFC 6749 §3.3). */
export const isScopeName = (name: string): boolean => SCOPE_TOKEN.test(name)

/**
 * The most names of a request, more than any client needs. A request with more is refused before any name is checked.
 */
const MOST_SCOPES = 500
/** Characters of one name. */
export const LONGEST_SCOPE = 256

/**
 * Splits a `scope` parameter into its names, each once, in the order of the request.
 * @returns undefined if the parameter breaks the grammar of RFC 6749 §3.3, has over 500 names, or has a name of over
 * 256 characters
 */
export function parseScope(parameter: string): readonly string[] | undefined {
  const names = parameter.split(' ', MOST_SCOPES + 1)
  if (names.length > MOST_SCOPES) return undefined
  if (!names.every((name) => name.length <= LONGEST_SCOPE && isScopeName(name))) return undefined
  return names.length === 1 ? names : [...new Set(names)]
}
