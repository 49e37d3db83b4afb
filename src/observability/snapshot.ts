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
export async function renderMetrics(snapshots: readonly Snapshot[]): Promise<string> {
  const registry = AggregatorRegistry.aggregate([...snapshots])
  for (const { values } of await registry.getMetricsAsJSON()) {
    for (const series of values) series.value = toMicroseconds(series.value)
  }
  return registry.metrics()
}

/**
 * Rounds a number to millionths. The last bits of a sum depend on the order of adding, which changes when a worker ends: a
 * counter that goes back by them counts as one that has begun anew.
 */
const toMicroseconds = (value: number): number =>
  Number.isInteger(value) || !Number.isFinite(value) ? value : Math.round(value * 1e6) / 1e6

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
    sums.set(series, { ...value, value: toMicroseconds(value.value + (sums.get(series)?.value ?? 0)) })
  }
  return [...sums.values()]
}
