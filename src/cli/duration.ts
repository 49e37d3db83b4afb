import { UsageError } from '../platform/user-error.ts'

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const isUnit = (text: string): text is keyof typeof UNITS => Object.hasOwn(UNITS, text)

/** Parses a duration such as `90s`, `30m`, `24h` or `7d`. @returns milliseconds @throws UserError */
export function parseDuration(text: string, option: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (isUnit(unit)) return Number(count) * UNITS[unit]
  throw new UsageError(
    `${option} must be a number and a unit, such as 90s, 30m, 24h or 7d, not ${JSON.stringify(text)}`,
  )
}

/** Parses a time in the past: a date, or a duration until now (`7d`). @returns milliseconds @throws UserError */
export const parsePast = (text: string, option: string, now: number): number =>
  /^\d{1,6}[smhd]$/.test(text) ? now - parseDuration(text, option) : parseMoment(text, option, now)

/** Parses a time: a date (`2030-01-01T00:00:00Z`), or a duration from now (`90d`). @returns milliseconds @throws UserError */
export function parseMoment(text: string, option: string, now: number): number {
  if (/^\d{1,6}[smhd]$/.test(text)) return now + parseDuration(text, option)
  // A time without a zone would depend on the zone of the machine.
  const time = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new UsageError(`${option} must be a time such as 2030-01-01T00:00:00Z, or a duration from now, such as 90d`)
}
