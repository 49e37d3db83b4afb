import { shortJson } from '../../platform/json.ts'
import { cut, LONGEST_SHOWN } from '../../platform/text.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: a log must not hold these
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g

/**
 * A value from outside, as an administrator sees it: text as it is, anything else as JSON, cut to 256 characters.
 * U+FFFD replaces characters that would disturb a log or a database (control characters, halves of surrogate pairs).
 */
export function received(value: unknown): string {
  if (value === undefined) return '(none)'
  const text = typeof value === 'string' ? value : shortJson(value, LONGEST_SHOWN)
  return cut(text).toWellFormed().replace(UNPRINTABLE, '\ufffd')
}
