/** One answer, or a failed request. */
export interface Sample {
  /** The status of the answer, the code of the error, or another name. */
  readonly outcome: string
  /** The time of sending, in milliseconds since the epoch. */
  readonly at: number
  /** Milliseconds until the answer. */
  readonly elapsed: number
}

/** Requests that are sent in a loop. */
export interface Traffic {
  /** All finished requests, in the order of their ends. */
  readonly samples: readonly Sample[]
  /** The number of requests for each outcome. */
  outcomes(): Readonly<Record<string, number>>
  /** Resolves once `total` requests have ended. */
  readonly done: Promise<void>
  /** Starts no more requests, and waits for those under way. */
  stop(): Promise<void>
}

interface TrafficOptions {
  /** The number of parallel senders. */
  readonly concurrency: number
  /** The number of requests. Without it, requests are sent until `stop`. */
  readonly total?: number
  /** Milliseconds that each sender waits between two requests; 0 by default. */
  readonly pause?: number
}

/**
 * Starts traffic. The caller stops it or waits for its end. @param send sends the n-th request and names its outcome; a
 * rejection is named by its code
 */
export function startTraffic(send: (n: number) => Promise<string>, options: TrafficOptions): Traffic {
  const { concurrency, total = Number.POSITIVE_INFINITY, pause = 0 } = options
  const samples: Sample[] = []
  let begun = 0
  let isStopped = false
  async function sender(): Promise<void> {
    while (!isStopped && begun < total) {
      const n = begun
      begun += 1
      const at = Date.now()
      const from = performance.now()
      const outcome = await send(n).catch(nameOf)
      samples.push({ outcome, at, elapsed: performance.now() - from })
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
  const done = Promise.all(Array.from({ length: concurrency }, sender)).then(() => {})
  return {
    samples,
    outcomes: () => {
      const counts: Record<string, number> = {}
      for (const { outcome } of samples) counts[outcome] = (counts[outcome] ?? 0) + 1
      return counts
    },
    done,
    stop: () => {
      isStopped = true
      return done
    },
  }
}

/** Names an error by its cause, because `fetch` wraps the original error. */
function nameOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  return 'code' in cause ? String(cause.code) : cause.message
}

/** The quantile of the values. @param share from 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
