import type { Key } from '../../shared/keys.tsx'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The distances of ticks, in milliseconds. */
const STEPS = [
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  30 * DAY,
  90 * DAY,
  365 * DAY,
]
const PER_TICK_PX = 90

/** The part of time that has all dates of the keys, with room around them. Milliseconds. */
export function spanOf(keys: readonly Key[], now: number): { readonly from: number; readonly to: number } {
  const dates = keys
    .flatMap(({ created_at, active_at, gone_at }) => [created_at, active_at, gone_at])
    .flatMap((at) => (at === undefined ? [] : [Date.parse(at)]))
  const first = Math.min(now, ...dates)
  const last = Math.max(now, ...dates)
  const room = Math.max(6 * HOUR, (last - first) * 0.12)
  return { from: first - room / 3, to: last + room }
}

/** Round times of this zone. @param width in pixels, that of the scale */
export function ticksOf(from: number, to: number, width: number) {
  const most = Math.max(1, Math.floor(width / PER_TICK_PX))
  const step = STEPS.find((one) => (to - from) / one <= most) ?? 365 * DAY
  const zone = new Date(from).getTimezoneOffset() * MINUTE
  const first = Math.ceil((from - zone) / step) * step + zone
  const format = new Intl.DateTimeFormat('en', step < DAY ? { timeStyle: 'short' } : { day: 'numeric', month: 'short' })
  return Array.from({ length: Math.max(0, Math.ceil((to - first) / step)) }, (_, index) => {
    const at = first + index * step
    return { at, label: format.format(at) }
  })
}
