const BUCKETS_PER_MS = 100
const MOST_MS = 10_000

/** Counts durations in buckets of 10 µs. Anything above 10 s counts as 10 s. */
export class Histogram {
  readonly #buckets = new Uint32Array(BUCKETS_PER_MS * MOST_MS + 1)
  #count = 0

  get count(): number {
    return this.#count
  }

  record(milliseconds: number): void {
    const bucket = Math.min(BUCKETS_PER_MS * MOST_MS, Math.floor(milliseconds * BUCKETS_PER_MS))
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
    this.#count += 1
  }

  /** The quantile in milliseconds: `part` is 0.5 for the median. */
  quantile(part: number): number {
    let left = this.#count * part
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count
      if (count > 0 && left <= 0) return (bucket + 1) / BUCKETS_PER_MS
    }
    return 0
  }
}
