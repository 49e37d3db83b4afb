import type { Capacity } from './capacity.ts'
import { meanService, nodeService } from './latency.ts'
import { type Job, percentile, poisson, responseTimes, simulateQueue } from './queue.ts'
import { seeded } from './random.ts'

/** A change in the load of one worker. Times in seconds. */
export interface Disturbance {
  /** The factor by which requests grow from then on; 1 is no change. */
  readonly surge: number
  /** Additional work from then on. */
  readonly extra: readonly Job[]
}

/** Response times of one worker, in milliseconds unless another unit is named. */
export interface Disturbed {
  readonly p99Before: number
  /** During the five seconds after the change; `p99After` covers the time after those. */
  readonly p99During: number
  readonly p99After: number
  readonly slowest: number
  /** The share of the worker's time that requests need after the change. Above 1 the queue grows without end. */
  readonly utilisationAfter: number
}

const HAPPENS_AT = 5
const DURING_S = 5
const SECONDS = 20

/** Simulates one worker before, during and after the change. */
export function disturb(capacity: Capacity, { surge, extra }: Disturbance, seed: number): Disturbed {
  const { cell, plan } = capacity
  const rate = cell.requests / cell.nodes / plan.coresPerNode
  const requests = poisson(seeded(seed), nodeService(capacity), {
    seconds: SECONDS,
    most: rate * Math.max(1, surge),
    rateAt: (time) => (time < HAPPENS_AT ? rate : rate * surge),
  })
  const jobs = [...requests, ...extra].sort((one, other) => one.at - other.at)
  const result = simulateQueue(1, jobs)
  const p99 = (from: number, to: number): number => 1000 * percentile(responseTimes(result, [from, to]), 0.99)
  const all = responseTimes(result, [HAPPENS_AT, SECONDS])
  return {
    p99Before: p99(1, HAPPENS_AT),
    p99During: p99(HAPPENS_AT, HAPPENS_AT + DURING_S),
    p99After: p99(HAPPENS_AT + DURING_S, SECONDS),
    slowest: 1000 * (all.at(-1) ?? 0),
    utilisationAfter: rate * surge * meanService(capacity),
  }
}

/** The same work `count` times, spread evenly over the second after the change. @param work seconds */
export function burst(count: number, work: number): readonly Job[] {
  return Array.from({ length: Math.round(count) }, (_, index) => ({
    at: HAPPENS_AT + index / count,
    work,
    isOwn: true,
  }))
}

/** One job after the other; other work may run between them. @param works seconds */
export function chain(works: readonly number[]): readonly Job[] {
  const first = works.reduceRight<Job | undefined>(
    (next, work) => ({ at: HAPPENS_AT, work, isOwn: true, ...(next && { next }) }),
    undefined,
  )
  return first === undefined ? [] : [first]
}
