/** A value that either database takes as it is. */
type Parameter = null | string | number | bigint | Uint8Array

/**
 * A value as the tables take it. Every number in them is an integer, but a time that was computed from the monotonic clock has a
 * fraction. The fraction is dropped here, for both databases: PostgreSQL would refuse the statement, and SQLite would store
 * the fraction. U+0000 is replaced for the same reason, in what is stored and in what is looked for.
 * @throws RangeError where a number is not finite, or too large to be stored exactly; SQLite would store NaN as NULL
 * @throws TypeError where a value is of another type
 */
export function toParameter(value: unknown): Parameter {
  if (typeof value === 'number') {
    const whole = Math.floor(value)
    if (Number.isSafeInteger(whole)) return whole
    throw new RangeError(`${value} is not a number that can be stored`)
  }
  if (typeof value === 'string') return withoutNul(value)
  if (value === null || typeof value === 'bigint' || value instanceof Uint8Array) return value
  throw new TypeError('a parameter is of a type that cannot be stored')
}

/** A text as the tables keep it: PostgreSQL's text can't contain U+0000, which strangers may send. */
export const withoutNul = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text)
