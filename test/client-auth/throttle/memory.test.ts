import { expect, test } from 'vitest'
import { GuessLimiter } from '../../../src/client-auth/throttle/limiter.ts'
import { TooManyGuesses } from '../../../src/client-auth/throttle/too-many-guesses.ts'
import { ClientId, DEFAULT_TENANT } from '../../../src/oauth/ids.ts'
import { standingClock } from '../../harness/clock.ts'
import { settledBytes } from '../../harness/memory.ts'

const MB = 1024 * 1024

/** An address in an IPv6 site of its own. */
const addressOf = (index: number): string =>
  `2${(index >> 16).toString(16).padStart(3, '0')}:${(index & 0xffff).toString(16)}:1234:5678:9abc:def0:1234:5678`

test('a flood of the longest names takes no more bytes than the limiter has', () => {
  const clock = standingClock()
  const limiter = new GuessLimiter(clock, 32 * MB)
  let secrets = 0
  const guess = (index: number, marks: number, isRight = false): void => {
    secrets += marks
    const [first = '', ...rest] = Array.from({ length: marks }, (_, at) => `${secrets - at}`.padEnd(43, 'x'))
    // No slice of another text, as an id of a form is not, either.
    const clientId = ClientId(JSON.parse(JSON.stringify(`${index}`.padEnd(64, 'ł'))))
    try {
      const attempt = limiter.begin({
        tenant: DEFAULT_TENANT,
        clientId,
        address: addressOf(index),
        marks: [first, ...rest],
      })
      if (isRight) attempt.succeeded()
    } catch (error) {
      if (!(error instanceof TooManyGuesses)) throw error
    }
  }
  const before = settledBytes()
  // Enough for every part: those that wait, those that have succeeded, and the others.
  for (let index = 0; index < 15_000; index += 1) for (const marks of [3, 3]) guess(index, marks)
  for (let index = 20_000; index < 35_000; index += 1) {
    guess(index, 1, true)
    for (const marks of [4, 3]) guess(index, marks)
  }
  for (let index = 40_000; index < 55_000; index += 1) for (const marks of [2, 2]) guess(index, marks)
  const bytes = settledBytes() - before
  expect(bytes).toBeLessThan(32 * MB)
  expect(bytes).toBeGreaterThan(16 * MB)
  expect(limiter.letThrough({ tenant: DEFAULT_TENANT, clientId: ClientId('a'), address: addressOf(1) })).toBe(false)
})
