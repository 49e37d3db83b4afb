import { DAY_MS } from '../platform/clock.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** The units of spans, the longest first. A span is given in the first of which it has at least two. */
const UNITS = [
  ['day', DAY_MS],
  ['hour', HOUR_MS],
  ['minute', MINUTE_MS],
  ['second', 1_000],
] as const

/** A time beside now, such as `3 days ago` or `in 5 hours`. @param time ISO 8601 */
export function relative(time: string, now: number): string {
  const span = Date.parse(time) - now
  const size = Math.abs(span)
  const [unit, length] = UNITS.find(([, one]) => size >= 2 * one) ?? ['second', 1_000]
  const count = Math.floor(size / length)
  if (count === 0) return 'now'
  const said = `${count} ${unit}${count === 1 ? '' : 's'}`
  return span < 0 ? `${said} ago` : `in ${said}`
}
