/** One answer, or the failure to get one. */
export interface Sample {
  /** What it was, such as the status of the answer or the code of the error. */
  readonly outcome: string
  /** Milliseconds since the epoch, when it was sent. */
  readonly at: number
  /** Milliseconds until it was there. */
  readonly elapsed: number
}

/** Requests that are sent again and again. */
export interface Traffic {
  /** Of all that have ended, in the order of their ends. */
  readonly samples: readonly Sample[]
  /** How often there was each outcome. */
  outcomes(): Readonly<Record<string, number>>
  /** Resolves once as many have ended as were asked for. */
  readonly done: Promise<void>
  /** Begins no more of them, and waits for those under way. */
  stop(): Promise<void>
}

interface TrafficOptions {
  /** How many are under way at once. */
  readonly concurrency: number
  /** How many are sent; without, they are until `stop`. */
  readonly total?: number
  /** Milliseconds that each sender waits from the end of one to the next; 0 unless told. */
  readonly pause?: number
}

/** Starts traffic; whoever does stops it or waits for its end. @param send sends the n-th, and names its outcome; a rejection is named by its code */
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

/** `fetch` wraps what went wrong. */
function nameOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  return 'code' in cause ? String(cause.code) : cause.message
}

/** The value below which a share of them lies. @param share from 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
