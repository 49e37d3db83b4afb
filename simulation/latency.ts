import type { Capacity } from './capacity.ts'
import { meanOf, responsePercentile, type Service, waiting } from './formulas.ts'
import { drawWork, type Job, percentile, poisson, responseTimes, simulateQueue } from './queue.ts'
import { seeded } from './random.ts'

/** Milliseconds from reading a request to writing its answer. */
export interface Latency {
  readonly p50: number
  readonly p99: number
}

const DRAWS = 2_000
const MOST_SERVERS = 64

/**
 * Response times at one node, by two models. `shared` is M/G/k: any idle core takes the next request, which is the best case.
 * `perWorker` is M/G/1: a connection stays with the worker that accepted it, so each worker has its own queue. Requests that
 * are spread by chance do no worse.
 */
export interface Latencies {
  readonly shared: Latency
  readonly perWorker: Latency
}

/** Seconds of work per request at a node's cores. The primary's part of each request is spread over all of them. */
export function nodeService({ cell: { cost } }: Capacity): Service {
  const { kinds, cv } = cost.service
  return { cv, kinds: kinds.map(({ share, mean }) => ({ share, mean: mean + cost.primary })) }
}

/** The queue of one node or of one worker. */
function queues({ plan, cell }: Capacity) {
  const shared = { servers: plan.coresPerNode, rate: cell.requests / cell.nodes }
  return { shared, perWorker: { servers: 1, rate: shared.rate / shared.servers } }
}

/** Response times by formula. */
export function computedLatency(capacity: Capacity, seed: number): Latencies {
  const service = nodeService(capacity)
  const uniform = seeded(seed)
  const draws = Array.from({ length: DRAWS }, () => drawWork(uniform, service))
  const of = ({ servers, rate }: { servers: number; rate: number }): Latency => {
    const waits = waiting(servers, rate, service)
    return {
      p50: 1000 * responsePercentile(waits, draws, 0.5),
      p99: 1000 * responsePercentile(waits, draws, 0.99),
    }
  }
  const { shared, perWorker } = queues(capacity)
  return { shared: of(shared), perWorker: of(perWorker) }
}

/** Response times of so many simulated requests. The first tenth fills the queue and is not counted. */
export function simulatedLatency(capacity: Capacity, seed: number, requests: number): Latencies {
  const service = nodeService(capacity)
  const of = ({ servers, rate }: { servers: number; rate: number }): Latency => {
    // With more cores than this, waits are next to nothing, so simulating more shows no difference.
    const simulated = Math.min(servers, MOST_SERVERS)
    const most = (rate * simulated) / servers
    const seconds = requests / most
    const jobs: Iterable<Job> = poisson(seeded(seed), service, { seconds, most })
    const times = responseTimes(simulateQueue(simulated, jobs), [seconds / 10, seconds])
    return { p50: 1000 * percentile(times, 0.5), p99: 1000 * percentile(times, 0.99) }
  }
  const { shared, perWorker } = queues(capacity)
  return { shared: of(shared), perWorker: of(perWorker) }
}

/** Seconds of a core that one request takes. */
export const meanService = (capacity: Capacity): number => meanOf(nodeService(capacity))
