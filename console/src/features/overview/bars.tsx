import { count } from '../../shared/format.ts'
import classes from './overview.module.css'

interface Bar {
  readonly key: string
  readonly name: React.ReactNode
  readonly count: number
}

interface Props {
  readonly label: string
  readonly bars: readonly Bar[]
  readonly kind?: 'refused'
}

/** Names with their counts, and a bar of the share of the first. The numbers say it all, so bars are hidden from screen readers. */
export function Bars({ label, bars, kind }: Props) {
  const most = Math.max(1, ...bars.map((bar) => bar.count))
  return (
    <ol className={classes['bars']} aria-label={label}>
      {bars.map(({ key, name, count: value }) => (
        <li key={key}>
          <span>{name}</span>
          <span className={classes['count']}>{count(value)}</span>
          <span
            className={classes['bar']}
            data-kind={kind}
            style={{ width: `${(value / most) * 100}%` }}
            aria-hidden="true"
          />
        </li>
      ))}
    </ol>
  )
}
