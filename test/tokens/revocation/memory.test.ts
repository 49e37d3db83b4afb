import { describe, expect, test } from 'vitest'
import { Audience, ClientId, Jti, KeyId } from '../../../src/oauth/ids.ts'
import type { Clock } from '../../../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../../../src/platform/random.ts'
import { Revocations } from '../../../src/tokens/revocation/revocations.ts'
import type { Revocation } from '../../../src/tokens/revocation/store.ts'
import { clockAt, standingClock } from '../../harness/clock.ts'
import { createStore, tokenWith } from './memory-store.ts'

let monotonic = 0
const clock: Clock = { now: () => 1_000_000_000_000, monotonic: () => monotonic }
const AHEAD = clock.now() + 60_000

const newJti = (at: Clock = clock): Jti => Jti(uuidv7(at, systemRandom))

describe('revocations in memory', () => {
  test('database-failure: a process that can’t know must not answer, and knows again once the database is back', async () => {
    const { store, rows, state } = createStore()
    const revocations = await Revocations.open(store, clock)
    const jti = uuidv7(clock, systemRandom)
    expect(await revocations.isRevoked(tokenWith(jti))).toBe(false)
    state.failing = true
    expect(await revocations.isRevoked(tokenWith(jti))).toBe(false)
    monotonic += 1_100
    await expect(revocations.isRevoked(tokenWith(jti))).rejects.toThrow('the database is away')
    await expect(revocations.revoke({ kind: 'token', id: Jti(jti), expiresAt: clock.now() + 1_000 })).rejects.toThrow(
      'the database is away',
    )
    state.failing = false
    expect(await revocations.isRevoked(tokenWith(jti))).toBe(false)
    rows.push({ kind: 'token', id: Jti(jti), expiresAt: clock.now() + 1_000 })
    monotonic += 1_100
    expect(await revocations.isRevoked(tokenWith(jti))).toBe(true)
  })

  test('are looked up in the database only if some don’t fit into memory', async () => {
    const { store, rows, state } = createStore()
    const jtis = Array.from({ length: 30 }, () => Jti(uuidv7(clock, systemRandom)))
    rows.push(...jtis.map((id): Revocation => ({ kind: 'token', id, expiresAt: clock.now() + 1_000 })))
    const revocations = await Revocations.open(store, clock, { mostKept: 20 })
    for (const jti of jtis) expect(await revocations.isRevoked(tokenWith(jti))).toBe(true)
    expect(state.lookUps).toBe(10)
    expect(await revocations.isRevoked(tokenWith(uuidv7(clock, systemRandom)))).toBe(false)
    const roomy = await Revocations.open(store, clock, { mostKept: 30 })
    state.lookUps = 0
    expect(await roomy.isRevoked(tokenWith(uuidv7(clock, systemRandom)))).toBe(false)
    expect(state.lookUps).toBe(0)
  })

  test('are written once for a token that is revoked repeatedly', async () => {
    const { store, rows } = createStore()
    const revocations = await Revocations.open(store, clock)
    const id = Jti(uuidv7(clock, systemRandom))
    for (let i = 0; i < 10; i += 1) await revocations.revoke({ kind: 'token', id, expiresAt: clock.now() + 1_000 })
    expect(rows).toHaveLength(1)
  })

  test('stay in force if the clock is set forward beyond their end, and back', async () => {
    const standing = standingClock()
    const { store, rows } = createStore()
    const revocations = await Revocations.open(store, standing)
    const [known, read] = [uuidv7(standing, systemRandom), uuidv7(standing, systemRandom)]
    await revocations.revoke({ kind: 'token', id: Jti(known), expiresAt: standing.now() + 60_000 })
    standing.step(3_600_000)
    rows.push({ kind: 'token', id: Jti(read), expiresAt: standing.now() - 3_500_000 })
    await revocations.poll()
    await revocations.prune()
    standing.step(-3_600_000)
    for (const jti of [known, read]) expect(await revocations.isRevoked(tokenWith(jti))).toBe(true)
  })

  test('are read page by page, and a record that can’t be read is reported', async () => {
    const { store, rows, state } = createStore()
    const jtis = Array.from({ length: 20_001 }, () => newJti())
    rows.push(...jtis.map((id): Revocation => ({ kind: 'token', id, expiresAt: AHEAD })))
    const bad = { kind: 'revocation', id: '7', problem: 'kind is not one that is known' } as const
    const read = store.revocationsAfter
    const told: unknown[] = []
    const withBad: typeof read = async (after, limit) => {
      const page = await read(after, limit)
      return after === 0 ? { ...page, found: page.found.slice(1), unreadable: [bad] } : page
    }
    const onUnreadable = (record: unknown) => told.push(record)
    const revocations = await Revocations.open({ ...store, revocationsAfter: withBad }, clock, { onUnreadable })
    expect(state.reads).toBe(3)
    expect(told).toEqual([bad])
    for (const jti of [jtis[1], jtis[10_000], jtis[20_000]]) {
      expect(await revocations.isRevoked(tokenWith(jti ?? ''))).toBe(true)
    }
    expect(await revocations.isRevoked(tokenWith(jtis[0] ?? ''))).toBe(false)
  })

  test('are asked for again after a second, and say how old they are', async () => {
    const { store, state } = createStore()
    const revocations = await Revocations.open(store, clock)
    monotonic += 1_000
    expect(revocations.age).toBe(1_000)
    await revocations.catchUp()
    expect(state.reads).toBe(1)
    monotonic += 1
    await Promise.all([revocations.catchUp(), revocations.poll()])
    expect([state.reads, revocations.age]).toEqual([2, 0])
    await revocations.poll()
    expect(state.reads).toBe(3)
  })

  test('are forgotten once the last token of their ten minutes has expired', async () => {
    const standing = standingClock()
    const { store, rows, state } = createStore()
    // Two tokens of one bucket, and room for two: a third revocation does not fit before one is forgotten.
    const [short, long, later] = [newJti(standing), newJti(standing), newJti(standing)]
    const revocations = await Revocations.open(store, standing, { mostKept: 2 })
    const revoke = (id: Jti, seconds: number) =>
      revocations.revoke({ kind: 'token', id, expiresAt: standing.now() + seconds * 1_000 })
    await revoke(short, 10)
    await revoke(long, 20)
    const look = async (id: Jti) => {
      state.lookUps = 0
      return [await revocations.isRevoked(tokenWith(id)), state.lookUps]
    }
    standing.advance(19_999)
    await revocations.prune()
    expect([await look(short), await look(long)]).toEqual([
      [true, 0],
      [true, 0],
    ])
    expect(rows.map((row) => row.id)).toEqual([long])
    standing.advance(1)
    await revocations.prune()
    expect(rows).toEqual([])
    expect(await look(long)).toEqual([false, 0])
    await revoke(later, 10)
    expect(await look(later)).toEqual([true, 0])
  })

  test('that don’t fit are looked up only until they have expired', async () => {
    const standing = standingClock()
    const { store, state } = createStore()
    const revocations = await Revocations.open(store, standing, { mostKept: 0 })
    const jtis = [newJti(standing), newJti(standing)]
    for (const [index, id] of jtis.entries())
      await revocations.revoke({ kind: 'token', id, expiresAt: standing.now() + (2 - index) * 10_000 })
    standing.advance(19_999)
    expect(await revocations.isRevoked(tokenWith(jtis[0] ?? ''))).toBe(true)
    expect(state.lookUps).toBe(1)
    standing.advance(1)
    await revocations.isRevoked(tokenWith(jtis[0] ?? ''))
    expect(state.lookUps).toBe(1)
  })
})

describe('a revocation of everything', () => {
  const issuedAt = (milliseconds: number): Jti => Jti(uuidv7(clockAt(milliseconds), systemRandom))
  const AT = clock.now() - 60_000

  test.each<[string, Revocation, object, object]>([
    [
      'of a client',
      { kind: 'client', id: ClientId('a'), issuedBefore: AT, expiresAt: AHEAD },
      {},
      { client_id: ClientId('b') },
    ],
    [
      'of an API',
      { kind: 'api', id: Audience('https://a'), issuedBefore: AT, expiresAt: AHEAD },
      { aud: ['https://b', 'https://a'] },
      { aud: 'https://b' },
    ],
  ])('%s concerns its tokens up to that time, and no others', async (_name, revocation, mine, foreign) => {
    const { store } = createStore()
    const revocations = await Revocations.open(store, clock)
    await revocations.revoke(revocation)
    expect(await revocations.isRevoked(tokenWith(issuedAt(AT - 1), mine))).toBe(true)
    expect(await revocations.isRevoked(tokenWith(issuedAt(AT), mine))).toBe(true)
    expect(await revocations.isRevoked(tokenWith(issuedAt(AT + 1), mine))).toBe(false)
    expect(await revocations.isRevoked(tokenWith(issuedAt(AT - 1), foreign))).toBe(false)
  })

  test('of a key concerns its tokens', async () => {
    const revocations = await Revocations.open(createStore().store, clock)
    await revocations.revoke({ kind: 'key', id: KeyId('k'), issuedBefore: AT, expiresAt: AHEAD })
    const token = tokenWith(issuedAt(AT))
    expect(await revocations.isRevoked(token)).toBe(true)
    expect(await revocations.isRevoked({ ...token, kid: KeyId('other') })).toBe(false)
  })

  test.each([
    ['then an earlier one', [AT, AT - 5]],
    ['after an earlier one', [AT - 5, AT]],
  ])('counts with the latest time: %s', async (_name, times) => {
    const revocations = await Revocations.open(createStore().store, clock)
    for (const issuedBefore of times)
      await revocations.revoke({ kind: 'client', id: ClientId('a'), issuedBefore, expiresAt: AHEAD })
    expect(await revocations.isRevoked(tokenWith(issuedAt(AT)))).toBe(true)
  })

  test('is stored each time, and forgotten once all these tokens have expired', async () => {
    const standing = standingClock()
    const { store, rows } = createStore()
    const revocations = await Revocations.open(store, standing)
    const issuedBefore = standing.now()
    const token = tokenWith(newJti(standing))
    for (let times = 0; times < 2; times += 1)
      await revocations.revoke({ kind: 'client', id: ClientId('a'), issuedBefore, expiresAt: issuedBefore + 10_000 })
    expect(rows).toHaveLength(2)
    // It has read its own rows, and reads them no more.
    await revocations.poll()
    standing.advance(9_999)
    await revocations.prune()
    expect(await revocations.isRevoked(token)).toBe(true)
    standing.advance(1)
    await revocations.prune()
    expect(await revocations.isRevoked(token)).toBe(false)
    await revocations.revoke({ kind: 'client', id: ClientId('a'), issuedBefore, expiresAt: standing.now() })
    expect(await revocations.isRevoked(token)).toBe(false)
  })
})
