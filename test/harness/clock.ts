import type { Clock } from '../../src/platform/clock.ts'

/** The time of tests with a fixed clock, in seconds. It can't be mistaken for the machine's time. */
export const IN_2030 = Date.UTC(2030, 0, 1) / 1000

/** A clock that moves only when a test moves it. @param from in seconds; the default is the machine's time */
export function standingClock(from = Math.floor(Date.now() / 1000)) {
  const start = from * 1000
  let elapsed = 0
  let steps = 0
  return {
    now: () => start + elapsed + steps,
    monotonic: () => 5_000 + elapsed,
    seconds: () => (start + elapsed + steps) / 1000,
    /** Lets time pass. Milliseconds. */
    advance: (milliseconds: number) => {
      elapsed += milliseconds
    },
    /** Sets the wall clock forward or back. No time passes on the monotonic clock. Milliseconds. */
    step: (milliseconds: number) => {
      steps += milliseconds
    },
  } satisfies Clock & Record<string, unknown>
}

/** A clock that never moves. Milliseconds. */
export const clockAt = (now: number): Clock => ({ now: () => now, monotonic: () => now })
