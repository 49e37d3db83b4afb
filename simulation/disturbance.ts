import type { Capacity } from './capacity.ts'
import { meanService, nodeService } from './latency.ts'
import { type Job, percentile, poisson, responseTimes, simulateQueue } from './queue.ts'
import { seeded } from './random.ts'

/** What happens to one worker, and when. Times in seconds. */
export interface Disturbance {
  /** How much more it is asked from then on, 1 being as before. */
  readonly surge: number
  /** Work of its own, or of others, from then on. */
  readonly extra: readonly Job[]
}

/** How one worker answered. Milliseconds, unless another unit is named. */
export interface Disturbed {
  readonly p99Before: number
  /** In the five seconds from when it happened, and later. */
  readonly p99During: number
  readonly p99After: number
  readonly slowest: number
  /** The part of the worker's time that is asked for when all has settled. Above 1 it never does. */
  readonly utilisationAfter: number
}

const HAPPENS_AT = 5
const DURING_S = 5
const SECONDS = 20

/** Simulates one worker before, while and after something happens. */
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

/** The same work so many times, evenly within a second of its happening. @param work seconds */
export function burst(count: number, work: number): readonly Job[] {
  return Array.from({ length: Math.round(count) }, (_, index) => ({
    at: HAPPENS_AT + index / count,
    work,
    isOwn: true,
  }))
}

/** One after the other, other work being served in between. @param works seconds */
export function chain(works: readonly number[]): readonly Job[] {
  const first = works.reduceRight<Job | undefined>(
    (next, work) => ({ at: HAPPENS_AT, work, isOwn: true, ...(next && { next }) }),
    undefined,
  )
  return first === undefined ? [] : [first]
}
