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

const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })

export const formatTime = (at: number): string => exact.format(at)
export const formatCount = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 1 })

export const written = (value: number | null | undefined, format: (value: number) => string): string =>
  value === null || value === undefined ? '–' : format(value)
