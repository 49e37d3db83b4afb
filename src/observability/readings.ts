import type { Durations } from './durations.ts'
import type { MetricName, metricTable } from './table.ts'

/** A metric's value for one combination of its labels; a histogram's is all its buckets. */
export interface Reading<Name extends MetricName> {
  readonly labels: Readonly<Record<Extract<keyof (typeof metricTable)[Name]['labels'], string>, string>>
  readonly value: (typeof metricTable)[Name]['type'] extends 'histogram' ? Durations : number
}

/** What a part of the process has counted. */
export type Readings = { readonly [Name in MetricName]?: readonly Reading<Name>[] }

/** A metric without labels. */
export const one = (value: number): readonly [{ readonly labels: Record<never, string>; readonly value: number }] => [
  { labels: {}, value },
]
