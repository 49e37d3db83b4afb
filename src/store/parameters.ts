/** A value that either database takes as it is. */
type Parameter = null | string | number | bigint | Uint8Array

/**
 * A value as the tables take it. Every number in them is an integer, and a time may have a fraction: the monotonic clock has
 * one, and so may a clock that was handed in. The fraction is dropped here, once for both databases: PostgreSQL refuses it, and
 * SQLite keeps it without a word.
 * @throws RangeError where a number is none, or too large to be kept exactly: SQLite would take NaN for NULL
 * @throws TypeError where a value is of another type
 */
export function toParameter(value: unknown): Parameter {
  if (typeof value === 'number') {
    const whole = Math.floor(value)
    if (Number.isSafeInteger(whole)) return whole
    throw new RangeError(`${value} is not a number that can be stored`)
  }
  if (value === null || typeof value === 'string' || typeof value === 'bigint' || value instanceof Uint8Array)
    return value
  throw new TypeError('a parameter is of a type that cannot be stored')
}
