import 'uplot/dist/uPlot.min.css'
import { useComputedColorScheme } from '@mantine/core'
import { useResizeObserver } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'
import Uplot from 'uplot'
import classes from './chart.module.css'
import { type ChartProps, formatTime, type Series, written } from './chart-values.ts'

type Props = ChartProps & Required<Pick<ChartProps, 'format' | 'height'>>

const SHADES = { light: 7, dark: 4 } as const
const AXIS_PX = 44

const variable = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** Draws a chart with uPlot, which moves nothing by itself. `Chart` loads it. */
export function Plot({ times, series, format, height }: Props) {
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false })
  const [sized, { width }] = useResizeObserver<HTMLDivElement>()
  const plot = useRef<Uplot>(null)
  const place = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState<number | null>(null)
  // The options are made again only if the look changes; data comes by itself below.
  const look = `${scheme} ${series.map((one) => `${one.label} ${one.color} ${one.kind}`).join()}`
  const latest = useRef({ times, series, format, height })
  latest.current = { times, series, format, height }

  // biome-ignore lint/correctness/useExhaustiveDependencies: see `look`
  useEffect(() => {
    if (place.current === null || width === 0) return
    const made = new Uplot(optionsOf(latest.current, scheme, width, setAt), dataOf(latest.current), place.current)
    plot.current = made
    return () => {
      plot.current = null
      made.destroy()
    }
  }, [look, width > 0])
  useEffect(() => plot.current?.setSize({ width, height }), [width, height])
  useEffect(() => plot.current?.setData(dataOf({ times, series })), [times, series])

  return (
    <div ref={sized}>
      <div className={classes['legend']}>
        {series.map(({ label, color, values }) => (
          <span key={label}>
            <i style={{ background: `var(--mantine-color-${color}-${SHADES[scheme]})` }} />
            {label} {at !== null && <b>{written(values[at], format)}</b>}
          </span>
        ))}
        <span>{at !== null && times[at] !== undefined && formatTime(times[at])}</span>
      </div>
      <div ref={place} className={classes['plot']} style={{ height }} />
    </div>
  )
}

const dataOf = ({ times, series }: Pick<Props, 'times' | 'series'>): Uplot.AlignedData => [
  times.map((time) => time / 1_000),
  ...series.map((one) => [...one.values]),
]

function optionsOf(
  { series, format, height }: Props | Omit<Props, 'label'>,
  scheme: 'light' | 'dark',
  width: number,
  onCursor: (index: number | null) => void,
): Uplot.Options {
  const quiet = variable(scheme === 'light' ? '--mantine-color-gray-6' : '--mantine-color-dark-2')
  const line = variable('--tessera-line')
  const axis: Uplot.Axis = {
    stroke: quiet,
    font: '11px system-ui, sans-serif',
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
  }
  const color = (one: Series) => variable(`--mantine-color-${one.color}-${SHADES[scheme]}`)
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      { ...axis, grid: { show: false } },
      {
        ...axis,
        size: AXIS_PX,
        values: (_, ticks) => ticks.map((tick) => (tick % 1 === 0 || Math.max(...ticks) < 1 ? format(tick) : '')),
      },
    ],
    series: [
      {},
      ...series.map((one): Uplot.Series => {
        const stroke = color(one)
        const bars = one.kind === 'bars' ? Uplot.paths.bars?.({ size: [0.7, 24] }) : undefined
        return {
          label: one.label,
          stroke,
          width: bars ? 0 : 1.5,
          fill: bars ? stroke : `${stroke}18`,
          points: { show: false },
          ...(bars && { paths: bars }),
        }
      }),
    ],
    hooks: { setCursor: [(one) => onCursor(one.cursor.idx ?? null)] },
  }
}
