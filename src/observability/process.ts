import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Snapshot } from './snapshot.ts'

/** The role of a process: a server by itself, or a primary or worker of several processes. */
export type Role = 'server' | 'primary' | 'worker'

/** Our ways of aggregating processes, where those of prom-client hide the worst process or drop the metric. */
const TOGETHER: Readonly<Record<string, string>> = {
  process_start_time_seconds: 'max',
  nodejs_eventloop_lag_p99_seconds: 'max',
}

/** Registries by role. They measure the whole process, so each is made once, even if a process runs several servers. */
const registries = new Map<Role, Registry>()

function registryOf(role: Role): Registry {
  const known = registries.get(role)
  if (known !== undefined) return known
  const register = new Registry()
  collectDefaultMetrics({ register, labels: { role } })
  registries.set(role, register)
  return register
}

/** Measures processor, memory, event loop and garbage collection (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics). */
export async function processSnapshot(role: Role): Promise<Snapshot> {
  const metrics = await registryOf(role).getMetricsAsJSON()
  return metrics.map(({ name, help, type, aggregator, values }) => ({
    name,
    help,
    // The declared type is an enum, but the value is a string.
    type: String(type),
    aggregator: TOGETHER[name] ?? aggregator,
    // The mean of an interval without measurements is NaN.
    values: values.filter(({ value }) => Number.isFinite(value)),
  }))
}
