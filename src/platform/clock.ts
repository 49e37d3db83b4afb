/** The time in milliseconds. Code that needs the time receives a clock, so that tests can set it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Milliseconds since an arbitrary moment. Setting the clock does not change it, so it measures durations. */
  monotonic(): number
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }

/** NumericDate (RFC 7519 §2): whole seconds since the epoch, from milliseconds. */
export const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)
