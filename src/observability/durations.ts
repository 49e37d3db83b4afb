/** Upper bounds in seconds. A token takes a millisecond or less. A slow hash, or a database that is away, takes hundreds. */
export const BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const

const BOUNDS_MS = BUCKETS.map((seconds) => seconds * 1000)

/** A histogram of durations, in plain numbers. A scrape turns it into a metric. */
export class Durations {
  /** The number of durations in each bucket alone. The last bucket is for durations beyond all bounds. */
  readonly counts: number[] = new Array<number>(BUCKETS.length + 1).fill(0)
  /** Whole microseconds, so that the sum does not depend on the order of adding. */
  microseconds = 0

  /** @param elapsed milliseconds */
  add(elapsed: number): void {
    let bucket = 0
    while (bucket < BOUNDS_MS.length && elapsed > (BOUNDS_MS[bucket] ?? 0)) bucket += 1
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
    this.microseconds += Math.round(elapsed * 1_000)
  }
}
