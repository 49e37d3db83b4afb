import { shortJson } from '../../platform/json.ts'

/** How much of a value an administrator is shown. */
const SHOWN = 256
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no log should hold
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g

/** Whether a value is a JSON object: no array, no null. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * What came from outside, as an administrator is told it: text as it is, anything else as JSON, cut to 256 characters. What
 * would disturb a log or a database (control characters, halves of surrogate pairs) is U+FFFD.
 */
export function received(value: unknown): string {
  if (value === undefined) return '(none)'
  const text = typeof value === 'string' ? value : shortJson(value, SHOWN)
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text
  return cut.toWellFormed().replace(UNPRINTABLE, '\ufffd')
}
