/** Simulates a queue event by event: work arrives, waits for one of several servers, and is done. Times in seconds. */

import type { Service } from './formulas.ts'
import { exponential, gamma, type Uniform } from './random.ts'
import { TimeHeap } from './time-heap.ts'

export interface Job {
  readonly at: number
  /** Seconds for which it occupies a server. */
  readonly work: number
  /** The job that arrives when this one is done, such as the next page of a long read. */
  readonly next?: Job
  /** The server's own work. It is served like any other, but figures about requests leave it out. */
  readonly isOwn?: boolean
}

interface Done {
  readonly job: Job
  readonly startedAt: number
  readonly endedAt: number
  readonly server: number
}

export interface QueueResult {
  /** In the order in which they were done. */
  readonly done: readonly Done[]
  /** The seconds that all servers together were busy. */
  readonly busy: number
  /** When the last was done. */
  readonly endedAt: number
  /** The mean number of jobs in the system, counted over time, independently of the response times. */
  readonly meanPresent: number
}

/** Serves everything, first come, first served. @param jobs in the order in which they arrive */
export function simulateQueue(servers: number, jobs: Iterable<Job>): QueueResult {
  const arriving = jobs[Symbol.iterator]()
  const departures = new TimeHeap<Done>()
  const queue: { readonly job: Job; readonly from: number }[] = []
  const idle = Array.from({ length: servers }, (_, server) => server)
  const done: Done[] = []
  let head = 0
  let now = 0
  let busy = 0
  let present = 0
  let presentTime = 0
  let arrival = arriving.next()

  const start = (): void => {
    while (head < queue.length && idle.length > 0) {
      const server = idle.pop()
      const waiting = queue[head]
      if (server === undefined || waiting === undefined) return
      head += 1
      const endedAt = now + waiting.job.work
      departures.push(endedAt, { job: { ...waiting.job, at: waiting.from }, startedAt: now, endedAt, server })
    }
  }
  const passTo = (time: number): void => {
    presentTime += present * (time - now)
    now = time
  }
  const enter = (job: Job): void => {
    present += 1
    queue.push({ job, from: now })
  }

  for (;;) {
    const departure = departures.nextAt
    if (!arrival.done && arrival.value.at <= departure) {
      passTo(arrival.value.at)
      enter(arrival.value)
      arrival = arriving.next()
    } else {
      const ended = departures.pop()
      if (ended === undefined) break
      passTo(ended.endedAt)
      present -= 1
      busy += ended.endedAt - ended.startedAt
      idle.push(ended.server)
      done.push(ended)
      if (ended.job.next !== undefined) enter(ended.job.next)
    }
    start()
  }
  return { done, busy, endedAt: now, meanPresent: now === 0 ? 0 : presentTime / now }
}

/** A draw of how long work takes. */
export function drawWork(uniform: Uniform, { kinds, cv }: Service): number {
  let left = uniform()
  for (const { share, mean } of kinds) {
    left -= share
    if (left <= 0) return gamma(uniform, mean, cv)
  }
  return gamma(uniform, kinds.at(-1)?.mean ?? 0, cv)
}

/** A Poisson process: requests that are independent of each other. @param rateAt requests per second, at most `most` */
export function* poisson(
  uniform: Uniform,
  service: Service,
  { seconds, most, rateAt = () => most }: { seconds: number; most: number; rateAt?: (time: number) => number },
): Generator<Job> {
  // Thinning (Lewis and Shedler, 1979): arrivals beyond the rate of the moment are left out.
  for (let at = exponential(uniform, 1 / most); at < seconds; at += exponential(uniform, 1 / most)) {
    if (uniform() * most <= rateAt(at)) yield { at, work: drawWork(uniform, service) }
  }
}

/** Response times of requests, shortest first. @param between counts requests that arrived in this interval */
export function responseTimes({ done }: QueueResult, between: readonly [number, number]): Float64Array {
  const [from, to] = between
  const ours = done.filter(({ job }) => job.isOwn !== true && job.at >= from && job.at < to)
  return Float64Array.from(ours, ({ job, endedAt }) => endedAt - job.at).sort()
}

/** @param sorted shortest first */
export const percentile = (sorted: Float64Array, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
