import { describe, expect, test } from 'vitest'
import { BelievedTime } from '../../src/platform/believed-time.ts'
import { standingClock } from '../harness/clock.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Asks once a minute, as clean-up does. */
function pass(clock: ReturnType<typeof standingClock>, time: BelievedTime, duration: number): void {
  for (let passed = 0; passed < duration; passed += MINUTE) {
    clock.advance(MINUTE)
    time.now()
  }
}

describe('the time for clean-up', () => {
  test('is the clock’s, if nobody sets it', () => {
    const clock = standingClock()
    const time = new BelievedTime(clock)
    pass(clock, time, 100 * HOUR)
    expect(time.now()).toBe(clock.now())
  })

  test('doesn’t follow a clock that is set forward and back within a day', () => {
    const clock = standingClock()
    const time = new BelievedTime(clock)
    for (const step of [HOUR, 3_650 * 24 * HOUR]) {
      const before = clock.now()
      clock.step(step)
      pass(clock, time, 24 * HOUR)
      expect(time.now()).toBe(before + 24 * HOUR)
      clock.step(-step)
      expect(time.now()).toBe(clock.now())
    }
  })

  test('is the clock’s from the second day on: a machine may start in 1970', () => {
    const clock = standingClock(0)
    const time = new BelievedTime(clock)
    pass(clock, time, HOUR)
    clock.step(20_000 * 24 * HOUR)
    expect(time.now()).toBeLessThan(2 * HOUR)
    pass(clock, time, 53 * HOUR)
    expect(time.now()).toBe(clock.now())
  })

  test('goes back with a clock that is set back', () => {
    const clock = standingClock()
    const time = new BelievedTime(clock)
    clock.step(-HOUR)
    expect(time.now()).toBe(clock.now())
  })
})
