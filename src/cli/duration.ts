import { readDuration } from '../input/duration.ts'
import { UsageError } from '../platform/user-error.ts'

/** Parses a duration such as `90s`, `30m`, `24h` or `7d`. @returns milliseconds @throws UserError */
export function parseDuration(text: string, option: string): number {
  const duration = readDuration(text)
  if (duration !== undefined) return duration
  throw new UsageError(
    `${option} must be a number and a unit, such as 90s, 30m, 24h or 7d, not ${JSON.stringify(text)}`,
  )
}

/** Parses a time in the past: a date, or a duration until now (`7d`). @returns milliseconds @throws UserError */
export function parsePast(text: string, option: string, now: number): number {
  const duration = readDuration(text)
  return duration === undefined ? parseMoment(text, option, now) : now - duration
}

/** Parses a time: a date (`2030-01-01T00:00:00Z`), or a duration from now (`90d`). @returns milliseconds @throws UserError */
export function parseMoment(text: string, option: string, now: number): number {
  const duration = readDuration(text)
  if (duration !== undefined) return now + duration
  // A time without a zone would depend on the zone of the machine.
  const time = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new UsageError(`${option} must be a time such as 2030-01-01T00:00:00Z, or a duration from now, such as 90d`)
}
