import { AggregatorRegistry } from 'prom-client'

/** The metrics of a process at some moment, as plain values that another process may be sent. */
export type Snapshot = readonly MetricSnapshot[]

interface MetricSnapshot {
  readonly name: string
  readonly help: string
  /** As the text format calls it. */
  readonly type: string
  /** What the values of several processes come to, as prom-client calls it. */
  readonly aggregator: string
  readonly values: readonly {
    /** Of the parts of a histogram. */
    readonly metricName?: string
    readonly labels: Partial<Record<string, string | number>>
    readonly value: number
  }[]
}

/** The media type of `renderMetrics`. */
export const METRICS_TYPE = AggregatorRegistry.PROMETHEUS_CONTENT_TYPE

/** What processes have measured, put together, in the text format of Prometheus. */
export const renderMetrics = (snapshots: readonly Snapshot[]): Promise<string> =>
  AggregatorRegistry.aggregate([...snapshots]).metrics()

/** What two processes have counted, put together; what was true of a moment only is left out. */
export function addCounts(one: Snapshot, other: Snapshot): Snapshot {
  const metrics = new Map<string, MetricSnapshot>()
  for (const metric of [...one, ...other].filter(({ type }) => type !== 'gauge')) {
    const known = metrics.get(metric.name)
    metrics.set(metric.name, { ...metric, values: addValues([...(known?.values ?? []), ...metric.values]) })
  }
  return [...metrics.values()]
}

function addValues(values: MetricSnapshot['values']): MetricSnapshot['values'] {
  const sums = new Map<string, MetricSnapshot['values'][number]>()
  for (const value of values) {
    const series = JSON.stringify([value.metricName, Object.entries(value.labels).toSorted()])
    sums.set(series, { ...value, value: value.value + (sums.get(series)?.value ?? 0) })
  }
  return [...sums.values()]
}
