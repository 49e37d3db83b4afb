/** A scope's name: `scope-token` of RFC 6749 §3.3, visible ASCII but for `"` and `\`. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** Whether `name` may stand as one scope in a `scope` parameter (RFC 6749 §3.3). */
export const isScopeName = (name: string): boolean => SCOPE_TOKEN.test(name)

/** More names than any client has use for; a request for more is refused before it is looked at. */
const MOST_SCOPES = 500
/** Characters of one name. */
export const LONGEST_SCOPE = 256

/**
 * Splits a `scope` parameter into its names, each once, in the order asked.
 * @returns undefined where the parameter breaks the grammar of RFC 6749 §3.3, or names over 500 scopes, or one of over 256
 * characters
 */
export function parseScope(parameter: string): readonly string[] | undefined {
  const names = parameter.split(' ', MOST_SCOPES + 1)
  if (names.length > MOST_SCOPES) return undefined
  if (!names.every((name) => name.length <= LONGEST_SCOPE && isScopeName(name))) return undefined
  return names.length === 1 ? names : [...new Set(names)]
}
