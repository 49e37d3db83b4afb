import type { Clock } from '../../src/platform/clock.ts'

/** Where the clocks of some tests stand, in seconds: no time that a test may have got from the machine. */
export const IN_2030 = Date.UTC(2030, 0, 1) / 1000

/** A clock that stands until it is moved. @param from in seconds; where the machine's clock is, unless told otherwise */
export function standingClock(from = Math.floor(Date.now() / 1000)) {
  const start = from * 1000
  let elapsed = 0
  let steps = 0
  return {
    now: () => start + elapsed + steps,
    monotonic: () => 5_000 + elapsed,
    seconds: () => (start + elapsed + steps) / 1000,
    /** Lets time pass: milliseconds. */
    advance: (milliseconds: number) => {
      elapsed += milliseconds
    },
    /** Sets the clock forward, or back, by so many milliseconds: no time passes. */
    step: (milliseconds: number) => {
      steps += milliseconds
    },
  } satisfies Clock & Record<string, unknown>
}

/** A clock that never moves. Milliseconds. */
export const clockAt = (now: number): Clock => ({ now: () => now, monotonic: () => now })
