import { VisuallyHidden } from '@mantine/core'
import { common } from '../texts/common.ts'
import { useNow } from './now.ts'

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600_000],
  ['month', 2_629_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'long' })

/** A time in relation to another one, such as `in 3 days`. Milliseconds. */
function relativeTime(at: number, now: number): string {
  const distance = at - now
  const [unit, length] = UNITS.find(([, size]) => Math.abs(distance) >= size) ?? ['second', 1_000]
  if (unit === 'second') return distance > 0 ? common.soon : common.justNow
  return relative.format(Math.round(distance / length), unit)
}

interface Props {
  /** ISO 8601; undefined for never. */
  readonly at: string | undefined
  /** Shown if there is no time. */
  readonly never?: string
}

/** A relative time. Its exact moment and zone are in the tooltip, and for screen readers. */
export function Instant({ at, never = common.never }: Props) {
  const now = useNow()
  if (at === undefined) return <span>{never}</span>
  const moment = new Date(at)
  const full = `${exact.format(moment)} (${moment.toISOString()})`
  return (
    <time dateTime={at} title={full} className="instant">
      {relativeTime(moment.getTime(), now)}
      <VisuallyHidden>, {full}</VisuallyHidden>
    </time>
  )
}
