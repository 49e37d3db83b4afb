import { useElementSize } from '@mantine/hooks'
import type { Key } from '../../shared/keys.tsx'
import { useNow } from '../../shared/now.ts'
import { keys as t } from '../../texts/keys.ts'
import { spanOf, ticksOf } from './scale.ts'
import classes from './timeline.module.css'

const LANE = 34
const BAR = 14
const HEAD = 26
const LABEL = 118

/** The lives of the keys along time. The table below says the same in words. */
export function Timeline({ keys }: { readonly keys: readonly Key[] }) {
  const { ref, width } = useElementSize()
  const now = useNow()
  const { from, to } = spanOf(keys, now)
  const left = width < 520 ? 84 : LABEL
  const x = (at: number) => left + ((at - from) / (to - from)) * Math.max(0, width - left - 8)
  const height = HEAD + keys.length * LANE + 6
  return (
    <div ref={ref} className={classes['timeline']} style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={t.timelineLead}>
          <defs>
            <pattern id="retiring" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="2.4" height="6" className={classes['hatch']} />
            </pattern>
          </defs>
          {ticksOf(from, to, width - left).map(({ at, label }) => (
            <g key={at} className={classes['tick']}>
              <line x1={x(at)} x2={x(at)} y1={HEAD - 4} y2={height} />
              <text x={x(at)} y={14} textAnchor="middle">
                {label}
              </text>
            </g>
          ))}
          {keys.map((key, lane) => (
            <Lane key={key.kid} item={key} y={HEAD + lane * LANE} x={x} now={now} to={to} />
          ))}
          <g className={classes['now']}>
            <line x1={x(now)} x2={x(now)} y1={HEAD - 4} y2={height} />
            <text x={x(now)} y={HEAD - 7} textAnchor="middle">
              {t.now}
            </text>
          </g>
        </svg>
      )}
    </div>
  )
}

interface LaneProps {
  readonly item: Key
  readonly y: number
  readonly x: (at: number) => number
  readonly now: number
  readonly to: number
}

/** The parts of a life: waiting, signing, retiring. */
function Lane({ item: { kid, algorithm, state, ...times }, y, x, now, to }: LaneProps) {
  const created = Date.parse(times.created_at ?? '')
  const active = Date.parse(times.active_at ?? '')
  const gone = times.gone_at === undefined ? undefined : Date.parse(times.gone_at)
  if (Number.isNaN(created) || Number.isNaN(active)) return null
  const top = y + (LANE - BAR) / 2
  const bar = (part: 'pending' | 'active' | 'future' | 'retiring' | 'revoked', from: number, until: number) =>
    x(until) > x(from) && (
      <rect x={x(from)} y={top} width={Math.max(2, x(until) - x(from))} height={BAR} rx="3" className={classes[part]} />
    )
  const hasEnd = state === 'retiring' || state === 'revoked'
  return (
    <g>
      <text x="0" y={y + LANE / 2 + 4} className={classes['label']}>
        {algorithm} {kid.slice(0, 5)}
      </text>
      {bar('pending', created, Math.max(created, active))}
      {hasEnd && bar(state, active, gone ?? now)}
      {state === 'active' && bar('active', active, now)}
      {state === 'active' && bar('future', now, to)}
      {state === 'pending' && bar('future', active, to)}
    </g>
  )
}
