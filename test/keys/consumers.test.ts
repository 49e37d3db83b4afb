import { describe, expect, test } from 'vitest'
import { type ConsumerLimits, type KeySetConsumer, KeySetConsumers } from '../../src/keys/consumers.ts'
import { clockAt } from '../harness/clock.ts'
import { bytesInUse } from '../harness/memory.ts'

/** A store that records its input, and fails on demand. */
function createStore() {
  const state = { writes: [] as number[], rows: 0, isAway: false }
  return {
    state,
    addFetches: async (consumers: readonly KeySetConsumer[]) => {
      if (state.isAway) throw new Error('the database is away')
      state.writes.push(consumers.length)
      state.rows += consumers.length
    },
    listConsumers: async () => [],
    pruneConsumers: async ({ keep }: ConsumerLimits, most: number) => {
      const removed = Math.max(0, Math.min(most, state.rows - keep))
      state.rows -= removed
      return removed
    },
  }
}

function create() {
  const store = createStore()
  const clock = clockAt(1_000)
  return { store, consumers: new KeySetConsumers(store, clock) }
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
  })
})
