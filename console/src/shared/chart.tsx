import { Skeleton, VisuallyHidden } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { chart as t } from '../texts/chart.ts'
import { type ChartProps, formatCount, formatTime, written } from './chart-values.ts'

// uPlot is loaded only where a chart is shown.
const Plot = lazy(async () => ({ default: (await import('./chart-plot.tsx')).Plot }))

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
