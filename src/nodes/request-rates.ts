import { BUCKETS } from '../observability/durations.ts'
import type { Snapshot } from '../observability/snapshot.ts'
import type { RecentRequests } from './store.ts'

/** The time over which requests are counted, and up to one heartbeat more. Milliseconds. */
const WINDOW_MS = 60_000

/** The answered requests since the start, by the bounds of the histogram. Each count includes the smaller bounds. */
type Counts = readonly number[]

interface Sample {
  /** Monotonic milliseconds. */
  readonly at: number
  readonly counts: Counts
}

/** The rate of requests, and how long they take: differences between samples of the metrics. It costs no request anything. */
export class RequestRates {
  #samples: readonly Sample[]

  /** @param startedAt the monotonic time at which nothing was counted yet */
  constructor(startedAt: number) {
    this.#samples = [{ at: startedAt, counts: [] }]
  }

  /** @param at monotonic milliseconds @param snapshots the metrics of every process of the node */
  add(at: number, snapshots: readonly Snapshot[]): RecentRequests {
    const samples = [...this.#samples, { at, counts: countsOf(snapshots) }]
    // The last sample from before the window is its beginning.
    const first = samples.findLastIndex((sample) => at - sample.at >= WINDOW_MS)
    this.#samples = samples.slice(Math.max(0, first))
    return between(this.#samples[0], this.#samples.at(-1))
  }
}

const BOUNDS = [...BUCKETS, '+Inf']

/** Load balancers' probes, and requests to paths that are not served, are no load of OAuth. */
const NOT_COUNTED = 'other'

function countsOf(snapshots: readonly Snapshot[]): Counts {
  const counts = new Map<unknown, number>()
  for (const { name, values } of snapshots.flat()) {
    if (name !== 'tessera_request_duration_seconds') continue
    for (const { metricName, labels, value } of values) {
      if (metricName !== `${name}_bucket` || labels['endpoint'] === NOT_COUNTED) continue
      counts.set(labels['le'], (counts.get(labels['le']) ?? 0) + value)
    }
  }
  return BOUNDS.map((bound) => counts.get(bound) ?? 0)
}

function between(first: Sample | undefined, last: Sample | undefined): RecentRequests {
  if (first === undefined || last === undefined) return { perMinute: 0, latency: undefined }
  // A worker that did not answer in time may be missing in the last sample.
  const counts = last.counts.map((count, index) => Math.max(0, count - (first.counts[index] ?? 0)))
  const total = counts.at(-1) ?? 0
  const perMinute = Math.round((total * WINDOW_MS) / Math.max(WINDOW_MS, last.at - first.at))
  const at = (share: number) => quantile(counts, total * share)
  return { perMinute, latency: total === 0 ? undefined : { p50: at(0.5), p95: at(0.95), p99: at(0.99) } }
}

/**
 * Estimates a quantile as Prometheus does: durations are spread evenly within a bucket, and those beyond all bounds count as the
 * largest (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile).
 * @param rank the number of durations up to the quantile @returns milliseconds
 */
function quantile(counts: Counts, rank: number): number {
  const bucket = counts.findIndex((count) => count >= rank)
  const upper = BUCKETS[bucket]
  if (upper === undefined) return toMilliseconds(BUCKETS.at(-1) ?? 0)
  const [lower, below] = [BUCKETS[bucket - 1] ?? 0, counts[bucket - 1] ?? 0]
  const within = (counts[bucket] ?? 0) - below
  return toMilliseconds(lower + (upper - lower) * (within === 0 ? 1 : (rank - below) / within))
}

/** Milliseconds with two decimals, from seconds. */
const toMilliseconds = (seconds: number): number => Math.round(seconds * 100_000) / 100
