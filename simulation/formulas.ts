/** Formulas of queues. They size plans, and tests compare the simulation with them. Times in seconds. */

/** The time that work takes: kinds of work, whose shares add up to 1. */
export interface Service {
  readonly kinds: readonly { readonly share: number; readonly mean: number }[]
  /** Standard deviation by mean, of each kind. */
  readonly cv: number
}

export const meanOf = ({ kinds }: Service): number => kinds.reduce((sum, { share, mean }) => sum + share * mean, 0)

/** The squared coefficient of variation, over all kinds together. */
function scvOf(service: Service): number {
  const mean = meanOf(service)
  const square = service.kinds.reduce((sum, kind) => sum + kind.share * kind.mean ** 2 * (1 + service.cv ** 2), 0)
  return square / mean ** 2 - 1
}

/**
 * The chance that work must wait in M/M/k (Erlang C), by the recursion of Erlang B, which no number of servers overflows.
 * @param load servers' worth of work; below `servers`
 */
export function erlangC(servers: number, load: number): number {
  let blocked = 1
  for (let count = 1; count <= servers; count += 1) blocked = (load * blocked) / (count + load * blocked)
  return blocked / (1 - (load / servers) * (1 - blocked))
}

/** Waiting times in M/G/k: exact for M/M/k, with Allen and Cunneen's correction otherwise. */
export interface Waiting {
  /** The chance that work waits at all. */
  readonly chance: number
  /** The mean over all work, including work that does not wait. Infinite if the servers can't keep up. */
  readonly mean: number
}

export function waiting(servers: number, rate: number, service: Service): Waiting {
  const mean = meanOf(service)
  const load = rate * mean
  if (load >= servers) return { chance: 1, mean: Number.POSITIVE_INFINITY }
  const chance = erlangC(servers, load)
  return { chance, mean: ((chance * mean) / (servers - load)) * ((1 + scvOf(service)) / 2) }
}

/**
 * A percentile of the response time, waiting included. It takes waiting times as exponential, which is exact for M/M/k and
 * close to it for other queues.
 * @param draws samples of the service time, in any order
 */
export function responsePercentile({ chance, mean }: Waiting, draws: readonly number[], part: number): number {
  if (mean === Number.POSITIVE_INFINITY) return mean
  const rate = mean === 0 ? Number.POSITIVE_INFINITY : chance / mean
  const slower = (time: number): number => {
    let sum = 0
    for (const draw of draws) sum += draw > time ? 1 : chance * Math.exp(-rate * (time - draw))
    return sum / draws.length
  }
  let low = 0
  let high = Math.max(...draws) + mean * 100
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2
    if (slower(middle) > 1 - part) low = middle
    else high = middle
  }
  return high
}
