import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Attempt } from '../../../src/client-auth/throttle/guesses.ts'
import { GuessLimiter } from '../../../src/client-auth/throttle/limiter.ts'
import { TooManyGuesses } from '../../../src/client-auth/throttle/too-many-guesses.ts'
import { ClientId, DEFAULT_TENANT } from '../../../src/oauth/ids.ts'
import { standingClock } from '../../harness/clock.ts'

const MINUTE = 60_000
const HERE = '192.0.2.1'

/** A limiter under a clock that moves only on demand. */
function setUp(memory?: ConstructorParameters<typeof GuessLimiter>[2]) {
  const clock = standingClock()
  const limiter = new GuessLimiter(clock, undefined, memory)
  let secrets = 0

  /** Tries a secret, by default a new one. @returns the attempt, or the refusal */
  function tryOut(client = 'a', address = HERE, ...marks: string[]): Attempt | TooManyGuesses {
    secrets += 1
    const [first = `secret ${secrets}`, ...rest] = marks
    try {
      return limiter.begin({ tenant: DEFAULT_TENANT, clientId: ClientId(client), address, marks: [first, ...rest] })
    } catch (error) {
      if (error instanceof TooManyGuesses) return error
      throw error
    }
  }
  const fail = (times: number, client?: string, address?: string) => {
    for (let i = 0; i < times; i += 1) expect(tryOut(client, address)).not.toBeInstanceOf(TooManyGuesses)
  }
  const succeed = (client?: string, address?: string, ...marks: string[]) => {
    const attempt = tryOut(client, address, ...marks)
    if (attempt instanceof TooManyGuesses) throw attempt
    attempt.succeeded()
  }
  /** Seconds to wait; 0 if the attempt may proceed. */
  const wait = (client?: string, address?: string, ...marks: string[]) => {
    const outcome = tryOut(client, address, ...marks)
    return outcome instanceof TooManyGuesses ? (outcome.retryAfter ?? 0) : 0
  }
  const letThrough = (client = 'a', address = HERE) =>
    limiter.letThrough({ tenant: DEFAULT_TENANT, clientId: ClientId(client), address })
  return { clock, limiter, tryOut, fail, succeed, wait, letThrough }
}

describe('a secret that is known to be right passes uncounted', () => {
  test('if its client has succeeded at that address', () => {
    const { succeed, letThrough } = setUp()
    expect(letThrough()).toBe(false)
    succeed()
    expect(letThrough()).toBe(true)
    expect(letThrough('a', '192.0.2.2')).toBe(false)
    expect(letThrough('b')).toBe(false)
  })

  test('but not while a failure counts: it then waits like any other', () => {
    const { clock, fail, succeed, wait, letThrough } = setUp()
    succeed()
    fail(1)
    expect(letThrough()).toBe(false)
    succeed()
    expect(letThrough()).toBe(true)
    fail(5)
    expect(letThrough()).toBe(false)
    expect(wait('a', HERE, 'right')).toBe(1)
    clock.advance(15 * MINUTE)
    expect(letThrough()).toBe(true)
  })

  test('for a day after the last success', () => {
    const { clock, succeed, letThrough } = setUp()
    succeed()
    for (const pause of [24 * 60 * MINUTE - 1, 24 * 60 * MINUTE - 1]) {
      clock.advance(pause)
      expect(letThrough()).toBe(true)
    }
    clock.advance(24 * 60 * MINUTE)
    expect(letThrough()).toBe(false)
  })
})

/** Addresses in as many networks. */
const addressOf = (index: number) => `10.0.${index >> 8}.${index & 255}`

describe('one client at one address', () => {
  test('five wrong secrets are free, then each waits longer, up to a minute', () => {
    const { clock, fail, wait } = setUp()
    fail(5)
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      expect(wait()).toBe(seconds)
      clock.advance(seconds * 1000 - 1)
      expect(wait()).toBe(1)
      clock.advance(1)
      expect(wait()).toBe(0)
    }
  })

  test('the refusal tells the administrator which count was exceeded', () => {
    const { clock, fail, tryOut } = setUp()
    fail(5)
    clock.advance(1_000)
    fail(1)
    clock.advance(100)
    const refusal = tryOut()
    expect(refusal).toMatchObject({
      name: 'TooManyGuesses',
      reason: 'too_many_guesses',
      retryAfter: 2,
      detail: { by: 'client_at_address', failures: 6, retry_after: 2 },
    })
  })

  test('refused attempts are counted by the level with too many failures', () => {
    const { fail, wait, limiter } = setUp()
    expect(limiter.refused).toEqual({ client_at_address: 0, client: 0, address: 0, site: 0 })
    fail(5)
    for (let i = 0; i < 3; i += 1) wait()
    for (let i = 0; i < 50; i += 1) fail(1, 'b', addressOf(i))
    wait('b', addressOf(50))
    expect(limiter.refused).toEqual({ client_at_address: 3, client: 1, address: 0, site: 0 })
  })

  test('refused attempts don’t count', () => {
    const { clock, fail, wait } = setUp()
    fail(5)
    for (let i = 0; i < 100; i += 1) expect(wait('a', HERE, `refused ${i % 3}`)).toBe(1)
    clock.advance(1_000)
    expect(wait()).toBe(0)
    expect(wait()).toBe(2)
  })

  test('parallel-guesses: attempts under way count, so that one of many passes after a wait', () => {
    const { clock, fail, tryOut } = setUp()
    fail(5)
    clock.advance(1_000)
    const outcomes = Array.from({ length: 50 }, () => tryOut())
    expect(outcomes.filter((outcome) => !(outcome instanceof TooManyGuesses))).toHaveLength(1)
  })

  test('parallel-guesses: five of many pass at the beginning', () => {
    const { tryOut } = setUp()
    const outcomes = Array.from({ length: 50 }, () => tryOut())
    expect(outcomes.filter((outcome) => !(outcome instanceof TooManyGuesses))).toHaveLength(5)
  })

  test('all failures are forgotten after exactly fifteen minutes without one', () => {
    const { clock, fail, wait } = setUp()
    for (const [idle, following] of [
      [15 * MINUTE - 1, 2],
      [15 * MINUTE, 0],
    ] as const) {
      clock.advance(60 * MINUTE)
      fail(5)
      clock.advance(idle)
      expect(wait()).toBe(0)
      expect(wait()).toBe(following)
    }
  })

  test('a success forgives', () => {
    const { fail, succeed, wait } = setUp()
    fail(4)
    succeed()
    fail(5)
    expect(wait()).toBe(1)
  })

  test('a person who fails once before each success is never slowed, however often that is', () => {
    const { clock, fail, succeed } = setUp()
    for (let minute = 0; minute < 120; minute += 1) {
      fail(1)
      succeed('a', HERE, 'right')
      clock.advance(MINUTE)
    }
  })

  test('a guesser beside a client that keeps succeeding isn’t always forgiven', () => {
    const { clock, tryOut, wait } = setUp()
    let guesses = 0
    for (let second = 0; second < 300; second += 1) {
      const right = tryOut('a', HERE, 'right')
      if (!(right instanceof TooManyGuesses)) right.succeeded()
      for (let i = 0; i < 4; i += 1) if (wait() === 0) guesses += 1
      clock.advance(1_000)
    }
    expect(guesses).toBeGreaterThanOrEqual(20)
    expect(guesses).toBeLessThanOrEqual(45)
  })

  test('the right secret waits too, because a different answer would reveal it', () => {
    const { fail, succeed, wait } = setUp()
    succeed('a', HERE, 'right')
    fail(5)
    expect(wait('a', HERE, 'right')).toBe(1)
    expect(wait('a', HERE, 'wrong')).toBe(1)
  })

  test('an attempt that succeeds twice counts once', () => {
    const { fail, tryOut, wait } = setUp()
    const attempt = tryOut()
    fail(3)
    if (attempt instanceof TooManyGuesses) throw attempt
    attempt.succeeded()
    fail(5)
    attempt.succeeded()
    expect(wait()).toBe(1)
  })
})

describe('the same wrong secret again is no new guess', () => {
  const cases: [string, (again: ReturnType<typeof setUp>['tryOut']) => void][] = [
    ['from Basic into the body, as golang.org/x/oauth2 repeats it', (tryOut) => tryOut('a', HERE, 'wrong')],
    ['64 times at once', (tryOut) => Array.from({ length: 64 }, () => tryOut('a', HERE, 'wrong'))],
    ['with its other reading already known', (tryOut) => tryOut('a', HERE, 'wrong', 'wrong')],
  ]
  test.each(cases)('%s', (_name, repeat) => {
    const { tryOut, fail, wait } = setUp()
    tryOut('a', HERE, 'wrong')
    repeat(tryOut)
    fail(4)
    expect(wait()).toBe(1)
  })

  test('the two readings of Basic are one guess each', () => {
    const { tryOut, fail, wait } = setUp()
    tryOut('a', HERE, 'decoded', 'raw')
    tryOut('a', HERE, 'decoded')
    tryOut('a', HERE, 'raw')
    fail(3)
    expect(wait()).toBe(1)
  })

  test('it does not make anybody wait longer, at its address or at a new one', () => {
    const { clock, tryOut, fail, wait } = setUp()
    fail(4)
    tryOut('a', HERE, 'wrong')
    clock.advance(1_000)
    expect(wait('a', HERE, 'wrong')).toBe(0)
    expect(wait('a', HERE, 'wrong')).toBe(0)

    for (let i = 0; i < 49; i += 1) fail(1, 'b', addressOf(i))
    tryOut('b', addressOf(49), 'wrong')
    clock.advance(1_000)
    expect(wait('b', addressOf(50), 'wrong')).toBe(0)
    expect(wait('b', addressOf(51), 'wrong')).toBe(0)
  })

  test('a secret counts again after many others', () => {
    const { clock, tryOut, fail, wait } = setUp()
    tryOut('a', HERE, 'wrong')
    fail(4)
    for (let i = 0; i < 4; i += 1) {
      clock.advance(MINUTE)
      fail(1)
    }
    clock.advance(MINUTE)
    expect(wait('a', HERE, 'wrong')).toBe(0)
    expect(wait()).toBe(32)
  })

  test('a fleet with one wrong secret does not lock its client out', () => {
    const { tryOut, wait } = setUp()
    for (let i = 0; i < 1_000; i += 1) expect(tryOut('a', addressOf(i), 'old')).not.toBeInstanceOf(TooManyGuesses)
    expect(wait('a', addressOf(1_001), 'new')).toBe(0)
  })
})

describe('guesses from many addresses', () => {
  test('fifty failures in all are free, then every new address waits', () => {
    const { clock, fail, wait, tryOut } = setUp()
    for (let i = 0; i < 50; i += 1) fail(1, 'a', addressOf(i))
    expect(tryOut('a', addressOf(50))).toMatchObject({ detail: { by: 'client', failures: 50, retry_after: 1 } })
    clock.advance(1_000)
    expect(wait('a', addressOf(51))).toBe(0)
    expect(wait('a', addressOf(52))).toBe(2)
    expect(wait('b', addressOf(52))).toBe(0)
  })

  test('an address that succeeded within a day is unaffected, and its failures count separately', () => {
    const { clock, fail, succeed, wait } = setUp()
    succeed('a', HERE, 'right')
    clock.advance(24 * 60 * MINUTE - 1)
    // These are in the region of that address, so that other regions don't wait.
    for (let i = 0; i < 50; i += 1) fail(1, 'a', `192.0.3.${i}`)
    expect(wait('a', '192.0.3.50')).toBe(1)
    expect(wait('a', HERE, 'right')).toBe(0)
    clock.advance(1)
    expect(wait('a', HERE, 'right')).toBe(1)
  })

  test('a new client passes from a region without guesses, up to three hundred failures', () => {
    const { clock, fail, wait, tryOut } = setUp()
    for (let i = 0; i < 50; i += 1) fail(1, 'a', addressOf(i))
    // One more request of the flood passes each minute.
    for (let minute = 0; minute < 30; minute += 1) {
      clock.advance(MINUTE)
      for (let i = 0; i < 100; i += 1) tryOut('a', addressOf(50 + i))
    }
    expect(wait('a', addressOf(500))).toBe(60)
    expect(wait('a', '203.0.113.1')).toBe(0)
    expect(wait('a', '2001:db8::1')).toBe(0)
    for (let i = 0; i < 2; i += 1) expect(wait('a', `203.0.114.${i}`)).toBe(0)
    expect(wait('a', '203.0.113.2')).toBe(60)
    let heard = 0
    for (let i = 0; i < 1_000; i += 1) if (wait('a', `${11 + (i >> 8)}.${i & 255}.0.1`) === 0) heard += 1
    expect(heard).toBe(300 - 50 - 30 - 4)
  })

  test('failures at a known address don’t count against the client’s new addresses', () => {
    const { fail, succeed, wait } = setUp()
    for (let i = 0; i < 20; i += 1) {
      succeed('a', addressOf(i))
      fail(4, 'a', addressOf(i))
    }
    expect(wait('a', addressOf(21))).toBe(0)
  })

  test('a success takes back its attempt’s count, and the wait that it began', () => {
    const { clock, fail, succeed, wait } = setUp()
    for (let i = 0; i < 50; i += 1) fail(1, 'a', addressOf(i))
    clock.advance(1_000)
    succeed('a', addressOf(50))
    succeed('a', addressOf(51))
    expect(wait('a', addressOf(52))).toBe(0)
    expect(wait('a', addressOf(53))).toBe(2)
  })
})

describe('guesses at many clients from one address', () => {
  test('a first contact passes up to three hundred failures; a client that failed here waits from a hundred on', () => {
    const { fail, wait, tryOut } = setUp()
    for (let i = 0; i < 99; i += 1) fail(1, `c${i}`)
    expect(wait('c0')).toBe(0)
    expect(tryOut('c1')).toMatchObject({ detail: { by: 'address', failures: 100, retry_after: 1 } })
    for (let i = 100; i < 300; i += 1) fail(1, `c${i}`)
    expect(wait('c300')).toBe(60)
    expect(wait('c300', '192.0.2.2')).toBe(0)
  })

  test('clients that succeeded here are unaffected', () => {
    const { fail, succeed, wait } = setUp()
    succeed('good', HERE, 'right')
    for (let i = 0; i < 300; i += 1) fail(1, `c${i}`)
    expect(wait('other')).toBe(60)
    expect(wait('good', HERE, 'right')).toBe(0)
    expect(wait('good')).toBe(0)
  })

  test('a busy NAT gateway with occasional failures is never slowed', () => {
    const { clock, wait } = setUp()
    for (let i = 0; i < 500; i += 1) {
      expect(wait(`c${i}`)).toBe(0)
      clock.advance(10_000)
    }
    expect(wait('c499')).toBe(0)
  })

  test('successes don’t accumulate', () => {
    const { succeed, wait } = setUp()
    for (let i = 0; i < 400; i += 1) succeed(`c${i}`)
    expect(wait('other')).toBe(0)
    expect(wait('other')).toBe(0)
  })
})

describe('guesses at many clients from one IPv6 site', () => {
  /** Addresses in as many networks of one /48. */
  const withinSite = (index: number) => `2001:db8:1:${index.toString(16)}::1`

  test('three hundred failures over all its networks are free; a first contact passes up to nine hundred', () => {
    const { fail, wait, tryOut } = setUp()
    for (let i = 0; i < 300; i += 1) fail(1, `c${i}`, withinSite(i))
    expect(tryOut('c0', withinSite(0))).toMatchObject({ detail: { by: 'site', failures: 300, retry_after: 1 } })
    for (let i = 300; i < 900; i += 1) fail(1, `c${i}`, withinSite(i))
    expect(wait('c900', withinSite(900))).toBe(60)
    expect(wait('c900', '2001:db8:2::1')).toBe(0)
  })

  test('a busy site with occasional failures is never slowed', () => {
    const { clock, fail } = setUp()
    for (let i = 0; i < 1_500; i += 1) {
      fail(1, `c${i}`, withinSite(i % 1_000))
      clock.advance(4_000)
    }
  })

  test('clients that succeeded there are unaffected', () => {
    const { fail, succeed, wait } = setUp()
    succeed('good', withinSite(9_999), 'right')
    for (let i = 0; i < 900; i += 1) fail(1, `c${i}`, withinSite(i))
    expect(wait('other', withinSite(1_000))).toBe(60)
    expect(wait('good', withinSite(9_999), 'right')).toBe(0)
  })
})

describe('an attempt that was refused with its secret unread', () => {
  const turnAway = (attempt: Attempt | TooManyGuesses) => {
    if (attempt instanceof TooManyGuesses) throw attempt
    attempt.turnedAway()
  }

  test('doesn’t count', () => {
    const { fail, tryOut, wait } = setUp()
    for (let i = 0; i < 1_000; i += 1) turnAway(tryOut())
    for (let i = 0; i < 1_000; i += 1) turnAway(tryOut(`c${i}`, addressOf(i % 2)))
    fail(5)
    expect(wait()).toBe(1)
    for (let i = 0; i < 95; i += 1) fail(1, `c${i}`)
    expect(wait('c99')).toBe(0)
  })

  test('gives no free guess: its secret counts the next time', () => {
    const { fail, tryOut, wait } = setUp()
    for (let i = 0; i < 5; i += 1) turnAway(tryOut('a', HERE, `wrong ${i}`))
    for (let i = 0; i < 5; i += 1) expect(tryOut('a', HERE, `wrong ${i}`)).not.toBeInstanceOf(TooManyGuesses)
    expect(wait()).toBe(1)
    for (let i = 0; i < 45; i += 1) {
      turnAway(tryOut('a', addressOf(i), `other ${i}`))
      fail(1, 'a', addressOf(i))
    }
    expect(wait('a', addressOf(100))).toBe(1)
  })

  test('leaves the other secrets of its pair known', () => {
    const { fail, tryOut, wait } = setUp()
    tryOut('a', HERE, 'wrong')
    turnAway(tryOut())
    tryOut('a', HERE, 'wrong')
    fail(4)
    expect(wait()).toBe(1)
  })

  test('leaves the wait after a later failure', () => {
    const { clock, fail, tryOut, wait } = setUp()
    fail(4)
    const attempt = tryOut()
    clock.advance(1_000)
    fail(1)
    turnAway(attempt)
    expect(wait()).toBe(1)
  })

  test('marks its pair as returning for a minute, once', () => {
    const { clock, tryOut } = setUp()
    const standing = (attempt: Attempt | TooManyGuesses) =>
      attempt instanceof TooManyGuesses ? undefined : attempt.standing
    turnAway(tryOut())
    expect(standing(tryOut('a', '192.0.2.2'))).toBe('new')
    expect(standing(tryOut('b'))).toBe('new')
    clock.advance(MINUTE - 1)
    expect(standing(tryOut())).toBe('returning')
    expect(standing(tryOut())).toBe('new')
    turnAway(tryOut())
    clock.advance(MINUTE)
    expect(standing(tryOut())).toBe('new')
  })

  test('keeps the earlier success of its pair known for a day', () => {
    const { clock, succeed, tryOut } = setUp()
    succeed()
    turnAway(tryOut())
    expect(tryOut()).toMatchObject({ standing: 'proven' })
    clock.advance(24 * 60 * MINUTE)
    expect(tryOut()).toMatchObject({ standing: 'new' })
  })

  test('changes nothing once it is over', () => {
    const { fail, tryOut, wait } = setUp()
    const attempt = tryOut()
    if (attempt instanceof TooManyGuesses) throw attempt
    attempt.succeeded()
    turnAway(attempt)
    expect(tryOut()).toMatchObject({ standing: 'proven' })
    fail(4)
    expect(wait()).toBe(1)
  })
})

describe('attempts with a known outcome', () => {
  const concludeAt = ({ limiter }: ReturnType<typeof setUp>, mark: string, isRight: boolean) => {
    try {
      limiter.conclude({ tenant: DEFAULT_TENANT, clientId: ClientId('a'), address: HERE, marks: [mark] }, isRight)
      return 0
    } catch (error) {
      if (error instanceof TooManyGuesses) return error.retryAfter
      throw error
    }
  }

  test('a thousand right ones count nothing', () => {
    const setting = setUp()
    for (let i = 0; i < 1_000; i += 1) expect(concludeAt(setting, `right ${i}`, true)).toBe(0)
    setting.fail(5)
    expect(setting.wait()).toBe(1)
  })

  test('wrong ones count together with all others, once each', () => {
    const setting = setUp()
    for (let i = 0; i < 9; i += 1) expect(concludeAt(setting, `wrong ${i % 3}`, false)).toBe(0)
    setting.fail(2)
    expect(concludeAt(setting, 'wrong', false)).toBe(1)
  })

  test('a right one waits like a wrong one, because a different answer would reveal it', () => {
    const setting = setUp()
    expect(concludeAt(setting, 'right', true)).toBe(0)
    setting.fail(5)
    expect(concludeAt(setting, 'right', true)).toBe(1)
    expect(concludeAt(setting, 'wrong', false)).toBe(1)
  })
})

describe('bounded memory', () => {
  const memory = {
    pairs: { quiet: 10, waiting: 5, proven: 5 },
    clients: { quiet: 10, waiting: 5 },
    regions: { quiet: 10, waiting: 5 },
    addresses: { quiet: 10, waiting: 5 },
    sites: { quiet: 10, waiting: 5 },
  }
  test('a flood of new names evicts neither clients that succeeded nor clients that wait', () => {
    const { clock, fail, succeed, wait } = setUp(memory)
    succeed('good', HERE, 'right')
    fail(1, 'good')
    for (let i = 0; i < 12; i += 1) {
      fail(1, 'target', '192.0.2.2')
      clock.advance(i < 11 ? MINUTE : 0)
    }
    for (let i = 0; i < 1_000; i += 1) fail(1, `c${i}`, addressOf(i))
    expect(wait('target', '192.0.2.2')).toBe(60)
    clock.advance(MINUTE)
    for (let i = 0; i < 50; i += 1) wait('good', addressOf(i))
    expect(wait('good', addressOf(51))).toBeGreaterThan(0)
    expect(wait('good', HERE, 'right')).toBe(0)
  })

  test('an attempt whose pair was evicted meanwhile counts toward the new entry', () => {
    const { fail, tryOut, wait } = setUp(memory)
    const attempt = tryOut()
    for (let i = 0; i < 20; i += 1) fail(1, `c${i}`, addressOf(i))
    tryOut('a', HERE, 'since')
    if (attempt instanceof TooManyGuesses) throw attempt
    attempt.succeeded()
    tryOut('a', HERE, 'since')
    fail(4)
    expect(wait()).toBe(0)
    expect(wait()).toBe(1)
  })

  test('a long id is counted separately from others with the same prefix', () => {
    const { fail, wait } = setUp()
    const long = 'x'.repeat(60_000)
    fail(5, long)
    expect(wait(long)).toBe(1)
    expect(wait(`${long}y`)).toBe(0)
  })

  test('a client whose id looks like the hash of a long id has counts of its own', () => {
    const { fail, wait } = setUp()
    const long = 'x'.repeat(200)
    fail(5, `#${createHash('sha256').update(long).digest('base64url')}`)
    expect(wait(long)).toBe(0)
  })
})

describe('any order of beginnings and successes', () => {
  /** In a minute: five, then one after each of 1, 2, 4, 8 and 16 s. */
  const OF_A_PAIR = 10
  /** The failures that successes forgive or that time forgets within a minute. */
  const FORGIVEN = 22
  const at = fc.nat({ max: 1 })
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ guess: at, isNew: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ right: at, finishes: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ finish: fc.nat({ max: 9 }) }) },
    { weight: 2, arbitrary: fc.record({ pass: fc.constantFrom(10, 100, 1_000, 1_000, 4_000, 16_000, 900_000) }) },
  )

  test('lets no more wrong secrets of a pair pass in a minute than allowed and forgiven', {
    timeout: 60_000,
  }, () => {
    const property = fc.property(fc.array(step, { minLength: 300, maxLength: 500 }), (steps) => {
      const { clock, tryOut } = setUp()
      const underway: Attempt[] = []
      const guesses: { readonly at: number; readonly address: number }[] = []
      for (const one of steps) {
        if ('pass' in one) clock.advance(one.pass)
        else if ('finish' in one) underway.splice(one.finish, 1)[0]?.succeeded()
        else if ('guess' in one) {
          const outcome = one.isNew ? tryOut('a', addressOf(one.guess)) : tryOut('a', addressOf(one.guess), 'wrong')
          if (one.isNew && !(outcome instanceof TooManyGuesses))
            guesses.push({ at: clock.monotonic(), address: one.guess })
        } else {
          const outcome = tryOut('a', addressOf(one.right), 'right')
          if (outcome instanceof TooManyGuesses) continue
          if (one.finishes) outcome.succeeded()
          else underway.push(outcome)
        }
      }
      return guesses.every(({ at, address }) => {
        const ofPair = guesses.filter((other) => other.address === address && other.at >= at && other.at < at + MINUTE)
        return ofPair.length <= OF_A_PAIR + FORGIVEN
      })
    })
    fc.assert(property, { numRuns: 60, endOnFailure: true })
  })

  test('lets at most ten of a pair and sixty of a client pass without a success', { timeout: 60_000 }, () => {
    const guess = fc.record({ at: fc.nat({ max: 99 }), idle: fc.constantFrom(0, 0, 0, 0, 1, 500, 4_000) })
    const property = fc.property(fc.array(guess, { minLength: 100, maxLength: 500 }), (steps) => {
      const { clock, tryOut } = setUp()
      const times = new Map<number, number[]>([[-1, []]])
      for (const { at, idle } of steps) {
        clock.advance(idle)
        if (tryOut('a', addressOf(at % 30)) instanceof TooManyGuesses) continue
        for (const key of [-1, at % 30]) times.set(key, [...(times.get(key) ?? []), clock.monotonic()])
      }
      return [...times].every(([key, list]) =>
        list.every((at) => {
          const inMinute = list.filter((other) => other >= at && other < at + MINUTE)
          return inMinute.length <= (key === -1 ? 60 : OF_A_PAIR)
        }),
      )
    })
    fc.assert(property, { numRuns: 60, endOnFailure: true })
  })
})
