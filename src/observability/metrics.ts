import { BUCKETS, Durations } from './durations.ts'
import { processSnapshot, type Role } from './process.ts'
import type { Readings } from './readings.ts'
import type { Snapshot } from './snapshot.ts'
import { metricTable } from './table.ts'

type Values = Snapshot[number]['values']

/** The metrics of this process. A snapshot reads them from the objects that count. */
export class Metrics {
  readonly #role: Role
  readonly #sources: readonly (() => Readings)[]

  constructor(role: Role, sources: readonly (() => Readings)[]) {
    this.#role = role
    this.#sources = sources
  }

  async snapshot(): Promise<Snapshot> {
    const readings = this.#sources.map((read) => read())
    const own = Object.entries(metricTable).map(([name, { type, help, together }]) => ({
      name,
      help,
      type,
      aggregator: together,
      values: readings.flatMap((from) => valuesOf(name, from)),
    }))
    return [...own, ...(await processSnapshot(this.#role))]
  }
}

/** A reading of any metric. */
interface AnyReading {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | Durations
}

function valuesOf(name: string, readings: Readonly<Record<string, readonly AnyReading[] | undefined>>): Values {
  return (readings[name] ?? []).flatMap(({ labels, value }) =>
    value instanceof Durations ? histogram(name, labels, value) : [{ labels, value }],
  )
}

/** The series of a histogram. Unlike in `Durations`, each bucket includes the smaller ones, as Prometheus requires. */
function histogram(
  name: string,
  labels: Readonly<Record<string, string>>,
  { counts, microseconds }: Durations,
): Values {
  let within = 0
  const buckets = counts.map((count, index) => {
    within += count
    return { metricName: `${name}_bucket`, labels: { ...labels, le: BUCKETS[index] ?? '+Inf' }, value: within }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: microseconds / 1e6 },
    { metricName: `${name}_count`, labels, value: within },
  ]
}
