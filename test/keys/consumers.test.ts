import { describe, expect, test } from 'vitest'
import { type ConsumerLimits, type KeySetConsumer, KeySetConsumers } from '../../src/keys/consumers.ts'
import { standingClock } from '../harness/clock.ts'
import { bytesInUse } from '../harness/memory.ts'

/** A store that records its input, and fails on demand. */
function createStore() {
  const state = { writes: [] as number[], rows: 0, written: [] as KeySetConsumer[], isAway: false, before: 0 }
  return {
    state,
    addFetches: async (consumers: readonly KeySetConsumer[]) => {
      if (state.isAway) throw new Error('the database is away')
      state.writes.push(consumers.length)
      state.rows += consumers.length
      state.written.push(...consumers)
    },
    listConsumers: async () => [],
    pruneConsumers: async ({ before, keep }: ConsumerLimits, most: number) => {
      state.before = before
      const removed = Math.max(0, Math.min(most, state.rows - keep))
      state.rows -= removed
      return removed
    },
  }
}

function create() {
  const store = createStore()
  const clock = standingClock(1)
  return { store, clock, consumers: new KeySetConsumers(store, clock) }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

describe('a fetcher of the key set', () => {
  test('is counted once for each address and user agent', async () => {
    const { store, consumers } = create()
    for (let i = 0; i < 50; i += 1) consumers.record('192.0.2.1', 'jose/6')
    consumers.record('192.0.2.1', 'jose/5')
    await consumers.flush()
    expect(store.state.writes).toEqual([2])
  })

  test('is written with its first and last fetch and their number', async () => {
    const { store, clock, consumers } = create()
    consumers.record('192.0.2.1', 'jose/6')
    consumers.record('192.0.2.2', undefined)
    clock.advance(500)
    consumers.record('192.0.2.1', 'jose/6')
    await consumers.flush()
    expect(store.state.written).toEqual([
      { address: '192.0.2.1', userAgent: 'jose/6', firstSeen: 1_000, lastSeen: 1_500, fetches: 2 },
      { address: '192.0.2.2', userAgent: '', firstSeen: 1_000, lastSeen: 1_000, fetches: 1 },
    ])
  })

  test('is counted up to a limit, whatever names a flood uses', async () => {
    const { store, consumers } = create()
    for (let i = 0; i < 5_000; i += 1) consumers.record(`10.0.${i >> 8}.${i & 255}`, `made up ${i}`)
    await consumers.flush()
    expect(sum(store.state.writes)).toBe(1_000)
    expect(Math.max(...store.state.writes)).toBeLessThanOrEqual(100)
  })

  test.each([
    ['one IPv4 address', () => '192.0.2.1'],
    ['one IPv6 network', (i: number) => `2001:db8::${i.toString(16)}`],
  ])('is counted sixteen times for %s', async (_name, addressOf) => {
    const { store, consumers } = create()
    for (let i = 0; i < 5_000; i += 1) consumers.record(addressOf(i), `made up ${i}`)
    consumers.record('198.51.100.1', 'jose/6')
    await consumers.flush()
    expect(sum(store.state.writes)).toBe(17)
  })

  test('is still counted while the database is away', async () => {
    const { store, consumers } = create()
    store.state.isAway = true
    consumers.record('192.0.2.1', 'jose/6')
    await expect(consumers.flush()).rejects.toThrow('away')
    consumers.record('192.0.2.1', 'jose/6')
    store.state.isAway = false
    await consumers.flush()
    await consumers.flush()
    expect(store.state.writes).toEqual([1])
  })

  test('is counted once and for all if the database goes away between two writes', async () => {
    const { store, consumers } = create()
    const addresses = Array.from({ length: 250 }, (_, index) => `10.0.${index}.1`)
    for (const address of addresses) consumers.record(address, 'jose/6')
    const { addFetches } = store
    store.addFetches = async (some) => {
      await addFetches(some)
      store.state.isAway = true
    }
    await expect(consumers.flush()).rejects.toThrow('away')
    store.state.isAway = false
    store.addFetches = addFetches
    await consumers.flush()
    expect(store.state.writes).toEqual([100, 100, 50])
    expect(store.state.written.map(({ address }) => address)).toEqual(addresses)
  })

  test('that could not be written has no room once new ones have taken it, and does not replace their counts', async () => {
    const { store, consumers } = create()
    const flood = (from: number, count: number) => {
      for (let i = from; i < from + count; i += 1) consumers.record(`10.${i >> 8}.${i & 255}.1`, 'x')
    }
    flood(0, 1_000)
    store.addFetches = async () => {
      flood(999, 600)
      throw new Error('the database is away')
    }
    await expect(consumers.flush()).rejects.toThrow('away')
    const written: KeySetConsumer[] = []
    store.addFetches = async (some) => void written.push(...some)
    await consumers.flush()
    expect(written).toHaveLength(1_000)
    expect(new Set(written.map(({ address }) => address)).size).toBe(1_000)
  })

  test('takes little memory, whatever its user agent', async () => {
    const { consumers } = create()
    const before = bytesInUse()
    for (let i = 0; i < 1_000; i += 1) consumers.record(`10.0.${i >> 8}.${i & 255}`, `${i} ${'x'.repeat(15_000)}`)
    expect(bytesInUse() - before).toBeLessThan(2 * 1024 * 1024)
    await consumers.flush()
  })

  test('is kept up to a limit, and others are removed in small batches', async () => {
    const { store, consumers } = create()
    store.state.rows = 30_100
    await consumers.prune()
    expect(store.state.rows).toBe(10_000)
    expect(store.state.before).toBe(1_000 - 30 * 24 * 3_600_000)
  })
})
