import type { Durations } from './durations.ts'
import type { MetricName, metricTable } from './table.ts'

/** The value of a metric for one combination of its labels. The value of a histogram is all its buckets. */
export interface Reading<Name extends MetricName> {
  readonly labels: Readonly<Record<Extract<keyof (typeof metricTable)[Name]['labels'], string>, string>>
  readonly value: (typeof metricTable)[Name]['type'] extends 'histogram' ? Durations : number
}

/** The counts of one part of the process, by metric. */
export type Readings = { readonly [Name in MetricName]?: readonly Reading<Name>[] }

/** The reading of a metric without labels. */
export const one = (value: number): readonly [{ readonly labels: Record<never, string>; readonly value: number }] => [
  { labels: {}, value },
]
