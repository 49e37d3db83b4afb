import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Snapshot } from './snapshot.ts'

/** What a process is for: alone, or among several that serve as one. */
export type Role = 'server' | 'primary' | 'worker'

/** Where prom-client's way of putting processes together hides what one wants to see, or leaves it out. */
const TOGETHER: Readonly<Record<string, string>> = {
  process_start_time_seconds: 'max',
  nodejs_eventloop_lag_p99_seconds: 'max',
}

/** By role. They are of the process, whatever runs in it: what measures them is begun once. */
const registries = new Map<Role, Registry>()

function registryOf(role: Role): Registry {
  const known = registries.get(role)
  if (known !== undefined) return known
  const register = new Registry()
  collectDefaultMetrics({ register, labels: { role } })
  registries.set(role, register)
  return register
}

/** Processor, memory, event loop, garbage collection (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics). */
export async function processSnapshot(role: Role): Promise<Snapshot> {
  const metrics = await registryOf(role).getMetricsAsJSON()
  return metrics.map(({ name, help, type, aggregator, values }) => ({
    name,
    help,
    // A word in fact, whatever its declaration says.
    type: String(type),
    aggregator: TOGETHER[name] ?? aggregator,
    // Of an interval in which nothing was measured, the mean is no number.
    values: values.filter(({ value }) => Number.isFinite(value)),
  }))
}
