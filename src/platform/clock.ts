/** The time, in one unit. Everything that needs the time is handed one of these. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Milliseconds since some moment, which no setting of the clock disturbs: for measuring how long something took. */
  monotonic(): number
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }

/** NumericDate (RFC 7519 §2): whole seconds since the epoch, from milliseconds. */
export const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)
