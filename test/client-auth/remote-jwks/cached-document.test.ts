import { beforeEach, describe, expect, test } from 'vitest'
import { CachedDocument, type FetchedDocument } from '../../../src/client-auth/remote-jwks/cached-document.ts'
import { FetchError } from '../../../src/client-auth/remote-jwks/fetch-error.ts'
import { IN_2030, standingClock } from '../../harness/clock.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const LIFETIME = 10 * MINUTE
const DOWN = new FetchError('connect', 'https://keys.example/', 'no connection could be made: ECONNREFUSED')

/** A source whose fetches each wait for an answer by hand. */
function manualSource() {
  const pending: PromiseWithResolvers<FetchedDocument<string>>[] = []
  let fetches = 0
  const next = () => {
    const answer = pending.shift()
    if (answer === undefined) throw new Error('nobody asks the source')
    return answer
  }
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    load: () => {
      fetches += 1
      const answer = Promise.withResolvers<FetchedDocument<string>>()
      pending.push(answer)
      return answer.promise
    },
    fetches: () => fetches,
    succeed: async (content: string, lifetime = LIFETIME) => {
      next().resolve({ content, lifetime })
      await settled()
    },
    fail: async (error: Error = DOWN) => {
      next().reject(error)
      await settled()
    },
  }
}

let clock: ReturnType<typeof standingClock>
let source: ReturnType<typeof manualSource>
let cached: CachedDocument<string>
beforeEach(() => {
  clock = standingClock(IN_2030)
  source = manualSource()
  cached = new CachedDocument(clock, source.load)
})

/** The outcome if the source doesn't answer, or `waits` if there is none. */
const atOnce = (work: Promise<string>): Promise<string> =>
  Promise.race([work, new Promise<string>((resolve) => setImmediate(() => resolve('waits')))])

async function holding(content: string): Promise<void> {
  const first = cached.get()
  await source.succeed(content)
  expect(await first).toBe(content)
}

/** Leaves an expired document whose source is known to be down. */
async function holdingStale(content: string): Promise<void> {
  await holding(content)
  clock.advance(LIFETIME)
  const waiting = cached.get()
  await source.fail()
  expect(await waiting).toBe(content)
}

describe('a fresh document', () => {
  test('answers without a fetch', async () => {
    await holding('a')
    clock.advance(LIFETIME * 0.8 - 1)
    expect(await atOnce(cached.get())).toBe('a')
    expect(source.fetches()).toBe(1)
  })

  test('is renewed in the last fifth of its lifetime, and answers meanwhile', async () => {
    await holding('a')
    clock.advance(LIFETIME * 0.8)
    expect(await atOnce(cached.get())).toBe('a')
    expect(await atOnce(cached.get())).toBe('a')
    expect(source.fetches()).toBe(2)
    await source.succeed('b')
    expect(await atOnce(cached.get())).toBe('b')
    clock.advance(LIFETIME * 0.8 - 1)
    expect(await atOnce(cached.get())).toBe('b')
  })

  test('still answers if its renewal fails', async () => {
    await holding('a')
    clock.advance(LIFETIME * 0.8)
    await cached.get()
    await source.fail()
    expect(await atOnce(cached.get())).toBe('a')
    expect(source.fetches()).toBe(2)
  })
})

describe('an expired document', () => {
  test('doesn’t answer before its source was asked', async () => {
    await holding('a')
    clock.advance(LIFETIME)
    const waiting = [cached.get(), cached.get()]
    expect(await atOnce(Promise.any(waiting))).toBe('waits')
    await source.succeed('b')
    expect(await Promise.all(waiting)).toEqual(['b', 'b'])
    expect(source.fetches()).toBe(2)
  })

  test('is served while the source is down; each cool-down retries once, and no request waits', async () => {
    await holdingStale('a')
    clock.advance(30 * SECOND - 1)
    expect(await atOnce(cached.get())).toBe('a')
    expect(source.fetches()).toBe(2)
    clock.advance(1)
    expect(await atOnce(cached.get())).toBe('a')
    expect(source.fetches()).toBe(3)
    await source.succeed('b')
    expect(await atOnce(cached.get())).toBe('b')
  })

  test('is retried more and more rarely, but at least every five minutes', async () => {
    await holdingStale('a')
    const pauses = [30, 60, 120, 240, 300, 300]
    for (const [done, pause] of pauses.entries()) {
      clock.advance(pause * SECOND - 1)
      await cached.get()
      expect(source.fetches()).toBe(2 + done)
      clock.advance(1)
      await cached.get()
      expect(source.fetches()).toBe(3 + done)
      await source.fail()
    }
  })

  test('doesn’t answer at once if the failure was long ago, because the source may have withdrawn it', async () => {
    await holdingStale('a')
    clock.advance(HOUR)
    const waiting = cached.get()
    expect(await atOnce(waiting)).toBe('waits')
    await source.succeed('b')
    expect(await waiting).toBe('b')
  })

  test('is served for a day', async () => {
    await holdingStale('a')
    clock.advance(24 * HOUR - 1)
    const last = cached.get()
    await source.fail()
    expect(await last).toBe('a')
    clock.advance(1)
    await expect(cached.get()).rejects.toBe(DOWN)
  })

  test('is known to be down for five minutes after a pause, and then no longer', async () => {
    await holdingStale('a')
    clock.advance(30 * SECOND + 5 * MINUTE - 1)
    expect(await atOnce(cached.get())).toBe('a')
    await source.fail()
    clock.advance(MINUTE + 5 * MINUTE)
    expect(await atOnce(cached.get())).toBe('waits')
  })

  test('waits for its source once the day is over, even if the source was down a moment ago', async () => {
    await holdingStale('a')
    clock.advance(24 * HOUR - MINUTE)
    const last = cached.get()
    await source.fail()
    expect(await last).toBe('a')
    clock.advance(MINUTE)
    const waiting = cached.get()
    await source.succeed('b')
    expect(await waiting).toBe('b')
  })

  test('is not served to a request that waited, if a defect kept it from being renewed', async () => {
    await holding('a')
    clock.advance(LIFETIME)
    const waiting = cached.get()
    waiting.catch(() => {})
    const defect = new TypeError('x is not a function')
    await source.fail(defect)
    await expect(waiting).rejects.toBe(defect)
  })

  test('isn’t extended by failures: the day begins at its expiry', async () => {
    await holdingStale('a')
    for (let passed = 0; passed < 24; passed += 1) {
      clock.advance(HOUR)
      const answer = cached.get().catch((error: unknown) => error)
      await source.fail()
      expect(await answer).toBe(passed < 23 ? 'a' : DOWN)
    }
  })
})

describe('a missing document', () => {
  test('is remembered as missing for the cool-down, and not longer after repeated failures', async () => {
    for (let attempt = 1; attempt < 6; attempt += 1) {
      const waiting = cached.get()
      const other = cached.get()
      waiting.catch(() => {})
      other.catch(() => {})
      await source.fail()
      await expect(waiting).rejects.toBe(DOWN)
      await expect(other).rejects.toBe(DOWN)
      clock.advance(30 * SECOND - 1)
      await expect(cached.get()).rejects.toBe(DOWN)
      expect(source.fetches()).toBe(attempt)
      clock.advance(1)
    }
    await holding('a')
  })

  test('passes a defect on to waiting requests, and is fetched again after the cool-down', async () => {
    const waiting = cached.get()
    waiting.catch(() => {})
    const defect = new TypeError('x is not a function')
    await source.fail(defect)
    await expect(waiting).rejects.toBe(defect)
    expect(cached.status().lastFault).toMatchObject({
      fault: 'unusable',
      message: 'a defect: TypeError: x is not a function',
    })
    clock.advance(30 * SECOND)
    await holding('a')
  })
})

describe('renewal', () => {
  test('asks once in each cool-down, and all requests wait for the same answer', async () => {
    await holding('a')
    expect(await atOnce(cached.renew())).toBe('a')
    clock.advance(30 * SECOND)
    const waiting = [cached.renew(), cached.renew()]
    expect(await atOnce(Promise.any(waiting))).toBe('waits')
    expect(await atOnce(cached.get())).toBe('a')
    await source.succeed('b')
    expect(await Promise.all(waiting)).toEqual(['b', 'b'])
    expect(await atOnce(cached.renew())).toBe('b')
    expect(source.fetches()).toBe(2)
  })

  test('keeps a fresh document if the source is down', async () => {
    await holding('a')
    clock.advance(30 * SECOND)
    const waiting = cached.renew()
    await source.fail()
    expect(await waiting).toBe('a')
    expect(await atOnce(cached.get())).toBe('a')
  })
})

test('a step of the clock changes nothing', async () => {
  let wall = 0
  cached = new CachedDocument({ now: () => wall, monotonic: clock.monotonic }, source.load)
  await holding('a')
  for (wall of [-HOUR, 48 * HOUR]) expect(await atOnce(cached.get())).toBe('a')
  expect(source.fetches()).toBe(1)
})

test('the status has the time of the last fetch, the end of use, and the last error', async () => {
  expect(cached.status()).toEqual({
    content: undefined,
    fetchedAt: undefined,
    expiresAt: undefined,
    lastFault: undefined,
  })
  const start = clock.now()
  await holdingStale('a')
  expect(cached.status()).toEqual({
    content: 'a',
    fetchedAt: start,
    expiresAt: start + LIFETIME,
    lastFault: { fault: 'connect', message: DOWN.message, at: start + LIFETIME },
  })
  clock.advance(30 * SECOND)
  await cached.get()
  await source.succeed('b')
  expect(cached.status().lastFault).toBeUndefined()
})
