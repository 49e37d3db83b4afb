import { describe, expect, test } from 'vitest'
import {
  nextKeyActiveAt,
  nextRotationAt,
  planManualRotation,
  planReplacement,
  planRevocation,
  planRollback,
  planRotation,
  type RotationPolicy,
  rotationPolicy,
  whichCount,
} from '../../src/keys/schedule.ts'
import type { KeyState, KeyWrites, StoredKey } from '../../src/keys/store.ts'
import { KeyId } from '../../src/oauth/ids.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const POLICY: RotationPolicy = { rotateEvery: 30 * DAY, publishBefore: DAY, retireAfter: 4 * HOUR }

const candidate = (kid: string) => ({
  kid: KeyId(kid),
  algorithm: 'ES256' as const,
  publicKey: Buffer.alloc(0),
  encryptedPrivateKey: Buffer.alloc(0),
  masterKeyId: 'm',
})

const key = (kid: string, state: KeyState, activeAt: number, more: Partial<StoredKey> = {}): StoredKey => ({
  ...candidate(kid),
  state,
  createdAt: 0,
  activeAt,
  goneAt: undefined,
  ...more,
})

const states = ({ add, put }: KeyWrites) =>
  Object.fromEntries([...add, ...put].map(({ kid, state, activeAt }) => [kid, `${state} ${activeAt / HOUR}`]))

/** The keys after all changes that are due at `now`. */
function settle(keys: readonly StoredKey[], now: number, policy = POLICY): readonly StoredKey[] {
  for (let settled = keys, round = 0; ; round += 1) {
    const writes = planRotation(settled, 'ES256', now, policy, candidate(`at ${now} ${round}`))
    if (writes.add.length + writes.put.length === 0) return settled
    const changed = new Map([...settled, ...writes.add, ...writes.put].map((each) => [each.kid, each]))
    settled = [...changed.values()].filter(({ state }) => state !== 'gone')
  }
}

test('the times of a policy are the configured ones; a key retires for the longest token and a minute for clocks', () => {
  expect(rotationPolicy({ rotate_every: 30, publish_before: 7 }, 5_000)).toEqual({
    rotateEvery: 30_000,
    publishBefore: 7_000,
    retireAfter: 65_000,
  })
})

test('a pending key that can’t be used does not count; any other does', () => {
  const keys = (['pending', 'active', 'retiring', 'revoked'] as const).map((state) => key(state, state, 0))
  const usable = key('usable', 'pending', 0)
  expect(whichCount([...keys, usable], (one) => one === usable).map(({ kid }) => kid)).toEqual([
    ...['active', 'retiring', 'revoked', 'usable'],
  ])
})

test('the time of the next rotation is that of the first pending key, or else follows from the active one', () => {
  const foreign = { ...key('x', 'pending', 1), algorithm: 'RS256' as const }
  const active = key('a', 'active', 5)
  const pending = [key('c', 'pending', 9), key('b', 'pending', 7)]
  expect(nextRotationAt([foreign, active, ...pending], 'ES256', POLICY)).toBe(7)
  expect(nextRotationAt([foreign, active], 'ES256', POLICY)).toBe(5 + 30 * DAY)
  expect(nextRotationAt([foreign], 'ES256', POLICY)).toBeUndefined()
})

describe('a scheduled key', () => {
  test('is active at once if it is the first, and a second later if other processes already publish', () => {
    expect(states(planRotation([], 'ES256', HOUR, POLICY, candidate('a')))).toEqual({ a: 'active 1' })
    const other = { ...key('x', 'active', 0), algorithm: 'RS256' as const }
    expect(nextKeyActiveAt([other], 'ES256', HOUR, POLICY)).toBe(HOUR + 1_000)
  })

  test('is added one publication period before it is needed, not sooner', () => {
    const active = key('a', 'active', 0)
    expect(nextKeyActiveAt([active], 'ES256', 29 * DAY - 1, POLICY)).toBeUndefined()
    expect(nextKeyActiveAt([active], 'ES256', 29 * DAY, POLICY)).toBe(30 * DAY)
  })

  test('is published for the full period, even if no process ran when it should have been added', () => {
    expect(nextKeyActiveAt([key('a', 'active', 0)], 'ES256', 40 * DAY, POLICY)).toBe(41 * DAY)
  })

  test('becomes active on time, and the previous one retires until its last token has expired', () => {
    const keys = [key('a', 'active', 0), key('b', 'pending', 30 * DAY)]
    expect(planRotation(keys, 'ES256', 30 * DAY - 1, POLICY, undefined)).toEqual({ add: [], put: [] })
    const { put } = planRotation(keys, 'ES256', 30 * DAY, POLICY, undefined)
    expect(put).toMatchObject([
      { kid: 'b', state: 'active' },
      { kid: 'a', state: 'retiring', goneAt: 30 * DAY + 4 * HOUR },
    ])
  })

  test('is gone when its last token has expired', () => {
    const keys = [key('a', 'retiring', 0, { goneAt: 5 * HOUR }), key('b', 'active', 4 * HOUR)]
    expect(planRotation(keys, 'ES256', 5 * HOUR - 1, POLICY, undefined).put).toEqual([])
    expect(planRotation(keys, 'ES256', 5 * HOUR, POLICY, undefined).put).toMatchObject([{ kid: 'a', state: 'gone' }])
  })

  test('that is overdue together with a later one is skipped: it has signed nothing', () => {
    const keys = [key('a', 'active', 0), key('c', 'pending', 2 * HOUR), key('b', 'pending', HOUR)]
    expect(planRotation(keys, 'ES256', 3 * HOUR, POLICY, candidate('d')).put).toEqual([
      { ...keys[1], state: 'active', activeAt: 3 * HOUR },
      { ...keys[0], state: 'retiring', goneAt: 7 * HOUR },
      { ...keys[2], state: 'gone' },
    ])
  })

  test('becomes active although none was before', () => {
    expect(planRotation([key('b', 'pending', HOUR)], 'ES256', HOUR, POLICY, undefined)).toEqual({
      add: [],
      put: [{ ...key('b', 'active', HOUR) }],
    })
  })

  test('is added only if it is due, as a pending one', () => {
    const active = key('a', 'active', 0)
    expect(planRotation([active], 'ES256', 29 * DAY - 1, POLICY, candidate('b')).add).toEqual([])
    expect(planRotation([active], 'ES256', 29 * DAY, POLICY, undefined).add).toEqual([])
    expect(planRotation([active], 'ES256', 29 * DAY, POLICY, candidate('b')).add).toEqual([
      { ...candidate('b'), state: 'pending', createdAt: 29 * DAY, activeAt: 30 * DAY, goneAt: undefined },
    ])
  })

  test('of another algorithm changes nothing', () => {
    const foreign = (
      [
        ['p', 'pending'],
        ['r', 'retiring'],
        ['v', 'revoked'],
      ] as const
    ).map(([kid, state]) => ({
      ...key(kid, state, 0, { goneAt: 0 }),
      algorithm: 'RS256' as const,
    }))
    expect(planRotation([...foreign, key('a', 'active', 0)], 'ES256', HOUR, POLICY, undefined)).toEqual({
      add: [],
      put: [],
    })
  })

  test('that was revoked is gone when its last token has expired', () => {
    const keys = [key('a', 'revoked', 0, { goneAt: 5 * HOUR }), key('b', 'active', 4 * HOUR)]
    expect(planRotation(keys, 'ES256', 5 * HOUR - 1, POLICY, undefined).put).toEqual([])
    expect(planRotation(keys, 'ES256', 5 * HOUR, POLICY, undefined).put).toMatchObject([{ kid: 'a', state: 'gone' }])
  })

  test('over a year, exactly one is active, and each was published long enough', () => {
    let keys = settle([], 0)
    const published = new Map(keys.map(({ kid }) => [kid, 0]))
    const signed: string[] = []
    for (let now = 0; now <= 365 * DAY; now += HOUR) {
      keys = settle(keys, now)
      for (const { kid } of keys) if (!published.has(kid)) published.set(kid, now)
      const active = keys.filter(({ state }) => state === 'active')
      expect(active).toHaveLength(1)
      const kid = active[0]?.kid ?? ''
      if (signed.at(-1) === kid) continue
      if (signed.length > 0) expect(now - (published.get(KeyId(kid)) ?? now)).toBeGreaterThanOrEqual(DAY)
      signed.push(kid)
    }
    expect(signed).toHaveLength(13)
    expect(keys.length).toBeLessThanOrEqual(3)
  })

  test('waits in line with others if publication takes longer than the interval', () => {
    const policy = { rotateEvery: 5_000, publishBefore: 35_000, retireAfter: 0 }
    let keys = settle([], 0, policy)
    for (let now = 0; now <= 120_000; now += 500) keys = settle(keys, now, policy)
    expect(keys.filter(({ state }) => state === 'pending')).toHaveLength(7)
  })
})

describe('manual changes', () => {
  test('rotating adds a key that is published first', () => {
    expect(states(planManualRotation([key('a', 'active', 0)], HOUR, POLICY, candidate('b'), false))).toEqual({
      b: 'pending 25',
    })
  })

  test('rotating brings a waiting key forward, but not before the end of its publication', () => {
    const keys = [key('a', 'active', 0), key('b', 'pending', 40 * DAY, { createdAt: HOUR })]
    expect(states(planManualRotation(keys, 2 * HOUR, POLICY, candidate('c'), false))).toEqual({ b: 'pending 25' })
    expect(states(planManualRotation(keys, 30 * HOUR, POLICY, candidate('c'), false))).toEqual({ b: 'pending 30' })
  })

  test('rotating brings the first of several waiting keys forward, and never puts one off', () => {
    const keys = [key('c', 'pending', 50 * DAY), key('b', 'pending', 2 * HOUR), key('a', 'active', 0)]
    expect(planManualRotation(keys, HOUR, POLICY, candidate('d'), false)).toEqual({ add: [], put: [keys[1]] })
    expect(planManualRotation(keys, HOUR, POLICY, candidate('d'), true)).toEqual({
      add: [],
      put: [{ ...keys[1], activeAt: HOUR }],
    })
  })

  test('rotating at once waits only until every process publishes the key', () => {
    const { add } = planManualRotation([key('a', 'active', 0)], HOUR, POLICY, candidate('b'), true)
    expect(add).toMatchObject([{ kid: 'b', activeAt: HOUR + 1_000 }])
  })

  test('rolling back makes the last key sign again and retires the current one', () => {
    const keys = [
      key('a', 'retiring', 0, { goneAt: 99 * DAY }),
      key('b', 'retiring', 5, { goneAt: 99 * DAY }),
      key('c', 'active', 9),
    ]
    expect(states(planRollback(keys, 'ES256', HOUR, POLICY))).toEqual({ b: 'active 1', c: 'retiring 0.0000025' })
    expect(planRollback([key('c', 'active', 9)], 'ES256', HOUR, POLICY)).toEqual({ add: [], put: [] })
  })

  test('revoking an active key brings the next one forward, or adds one', () => {
    const active = key('a', 'active', 0)
    const pending = key('b', 'pending', 30 * DAY, { createdAt: HOUR })
    expect(planRevocation([active, pending], 'a', 2 * HOUR, POLICY, candidate('c')).put).toMatchObject([
      { kid: 'a', state: 'revoked' },
      { kid: 'b', state: 'pending', activeAt: 2 * HOUR },
    ])
    const { add, put } = planRevocation([active], 'a', 2 * HOUR, POLICY, candidate('c'))
    expect(put).toMatchObject([{ kid: 'a', state: 'revoked' }])
    expect(add).toMatchObject([{ kid: 'c', state: 'pending', activeAt: 2 * HOUR + 1_000 }])
  })

  test('revoking ends the tokens of a key, and forgets it once they have expired', () => {
    const keys = [key('a', 'active', 0), key('b', 'retiring', 0)]
    expect(planRevocation(keys, 'b', HOUR, POLICY, undefined).put).toEqual([
      { ...keys[1], state: 'revoked', goneAt: 5 * HOUR },
    ])
  })

  test('revoking the active key gives the next one the second that all processes need to publish it', () => {
    const keys = [key('a', 'active', 0), key('b', 'pending', 30 * DAY, { createdAt: HOUR })]
    expect(planRevocation(keys, 'a', HOUR, POLICY, candidate('c'))).toMatchObject({
      add: [],
      put: [{ kid: 'a' }, { kid: 'b', state: 'pending', activeAt: HOUR + 1_000 }],
    })
  })

  test('revoking without a candidate adds no key; revoking an unknown key changes nothing', () => {
    const active = key('a', 'active', 0)
    expect(planRevocation([active], 'a', HOUR, POLICY, undefined)).toMatchObject({ add: [], put: [{ kid: 'a' }] })
    expect(planRevocation([active], 'b', HOUR, POLICY, candidate('c'))).toEqual({ add: [], put: [] })
  })

  test('rolling back needs an active key', () => {
    expect(planRollback([key('a', 'retiring', 0)], 'ES256', HOUR, POLICY)).toEqual({ add: [], put: [] })
  })

  test('rolling back keeps no end of the key that signs again', () => {
    const keys = [key('a', 'retiring', 0, { goneAt: 99 * DAY }), key('b', 'active', 9)]
    expect(planRollback(keys, 'ES256', HOUR, POLICY)).toEqual({
      add: [],
      put: [key('a', 'active', HOUR), key('b', 'retiring', 9, { goneAt: 5 * HOUR })],
    })
  })

  test('a broken active key is replaced by the last retiring one, else by the next pending one', () => {
    const retiring = [key('a', 'retiring', 1, { goneAt: 9 }), key('b', 'retiring', 2, { goneAt: 9 })]
    const pending = [key('d', 'pending', 40 * DAY), key('c', 'pending', 30 * DAY, { createdAt: HOUR })]
    expect(planReplacement([...retiring, ...pending], 'ES256', HOUR)).toEqual(key('b', 'active', HOUR))
    expect(planReplacement(pending, 'ES256', HOUR)).toEqual({ ...pending[1], activeAt: HOUR + 1_000 })
    expect(planReplacement(pending, 'ES256', 2 * HOUR)).toEqual({ ...pending[1], activeAt: 2 * HOUR })
    expect(planReplacement([], 'ES256', HOUR)).toBeUndefined()
  })

  test('revoking a key that doesn’t sign changes only that key', () => {
    const keys = [key('a', 'active', 0), key('b', 'retiring', 0)]
    expect(planRevocation(keys, 'b', HOUR, POLICY, candidate('c'))).toMatchObject({
      add: [],
      put: [{ kid: 'b', state: 'revoked' }],
    })
  })
})
