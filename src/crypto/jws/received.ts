import { shortJson } from '../../platform/json.ts'
import { cut, LONGEST_SHOWN } from '../../platform/text.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no log should hold
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g

/**
 * What came from outside, as an administrator is told it: text as it is, anything else as JSON, cut to 256 characters. What
 * would disturb a log or a database (control characters, halves of surrogate pairs) is U+FFFD.
 */
export function received(value: unknown): string {
  if (value === undefined) return '(none)'
  const text = typeof value === 'string' ? value : shortJson(value, LONGEST_SHOWN)
  return cut(text).toWellFormed().replace(UNPRINTABLE, '\ufffd')
}
