import { Skeleton, VisuallyHidden } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { chart as t } from '../texts/chart.ts'

/** A line or a row of bars of a chart. */
export interface Series {
  readonly label: string
  readonly color: 'tile' | 'ochre' | 'brick' | 'gray'
  /** A line with a faint area below it is the default. */
  readonly kind?: 'bars'
  /** A value for each time; null for none. */
  readonly values: readonly (number | null)[]
}

export interface ChartProps {
  /** The name of the chart, for screen readers. */
  readonly label: string
  /** Milliseconds, rising. */
  readonly times: readonly number[]
  readonly series: readonly Series[]
  /** Writes a value, in the legend, on the axis and in the table. */
  readonly format?: (value: number) => string
  /** Pixels. */
  readonly height?: number
}

// uPlot is loaded only where a chart is shown.
const Plot = lazy(async () => ({ default: (await import('./chart-plot.tsx')).Plot }))

const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })

export const formatTime = (at: number): string => exact.format(at)
export const formatCount = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 1 })

/** A chart over time, in the colours of the theme. Screen readers get the same as a table. */
export function Chart(props: ChartProps) {
  const { label, times, series, format = formatCount, height = 180 } = props
  return (
    <figure style={{ margin: 0, position: 'relative', minWidth: 0 }}>
      <div aria-hidden="true">
        <Suspense fallback={<Skeleton h={height + 28} />}>
          <Plot {...props} format={format} height={height} />
        </Suspense>
      </div>
      <VisuallyHidden>
        <table>
          <caption>{t.table(label)}</caption>
          <thead>
            <tr>
              <th scope="col">{t.time}</th>
              {series.map((one) => (
                <th key={one.label} scope="col">
                  {one.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {times.map((time, index) => (
              <tr key={time}>
                <th scope="row">{formatTime(time)}</th>
                {series.map(({ label: name, values }) => (
                  <td key={name}>{written(values[index], format)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </figure>
  )
}

export const written = (value: number | null | undefined, format: (value: number) => string): string =>
  value === null || value === undefined ? '–' : format(value)
