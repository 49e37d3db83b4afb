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

export const DAY_MS = 24 * 3600 * 1000

/** By how much the clocks of nodes, clients, issuers and verifiers may differ (RFC 7519 §4.1.4). Milliseconds. */
export const CLOCK_SKEW_MS = 60_000
/** The same in seconds. */
export const CLOCK_SKEW = toSeconds(CLOCK_SKEW_MS)

/** Whether a claim is a NumericDate (RFC 7519 §2). */
export const isNumericDate = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

/** A time as people read it (ISO 8601). @param at milliseconds */
export function iso(at: number): string
export function iso(at: number | undefined): string | undefined
export function iso(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString()
}
