import { AggregatorRegistry } from 'prom-client'

/** The metrics of a process at one moment, as plain values that can be sent to another process. */
export type Snapshot = readonly MetricSnapshot[]

interface MetricSnapshot {
  readonly name: string
  readonly help: string
  /** The type, as the text format names it. */
  readonly type: string
  /** The way to aggregate values of several processes, as prom-client names it. */
  readonly aggregator: string
  readonly values: readonly {
    /** The name of this part, in a histogram. */
    readonly metricName?: string
    readonly labels: Partial<Record<string, string | number>>
    readonly value: number
  }[]
}

/** The media type of `renderMetrics`. */
export const METRICS_TYPE = AggregatorRegistry.PROMETHEUS_CONTENT_TYPE

/** Renders the aggregated metrics of processes in the text format of Prometheus. */
export async function renderMetrics(snapshots: readonly Snapshot[]): Promise<string> {
  const registry = AggregatorRegistry.aggregate([...snapshots])
  for (const { values } of await registry.getMetricsAsJSON()) {
    for (const series of values) series.value = toMicroseconds(series.value)
  }
  return registry.metrics()
}

/**
 * Rounds a number to millionths. The last bits of a sum depend on the order of adding, which changes when a worker ends. Prometheus
 * would take a counter that goes back by these bits for one that has restarted.
 */
const toMicroseconds = (value: number): number =>
  Number.isInteger(value) || !Number.isFinite(value) ? value : Math.round(value * 1e6) / 1e6

/** Adds the counters and histograms of two processes. Gauges are left out, since they hold for a moment only. */
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
