import { afterEach, describe, expect, test, vi } from 'vitest'
import type { AuditEvent } from '../../src/audit/event.ts'
import { AuditRecorder } from '../../src/audit/recorder.ts'
import type { AuditStore } from '../../src/audit/store.ts'
import { DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { clockAt, standingClock } from '../harness/clock.ts'
import { eventually } from '../harness/eventually.ts'
import { countTurns } from '../harness/turns.ts'

const event = (requestId: string): AuditEvent => ({
  tenant: DEFAULT_TENANT,
  at: 1,
  type: 'token.issue',
  result: 'success',
  reason: undefined,
  clientId: 'a',
  remoteAddress: '::1',
  requestId,
  traceId: undefined,
  detail: {},
})

/** A store that fails on demand. */
function createStore() {
  const written: AuditEvent[] = []
  const state = { failing: false, pruned: 0, attempts: 0 }
  const store: { -readonly [Name in keyof AuditStore]: AuditStore[Name] } = {
    append: async (events) => {
      state.attempts += 1
      if (state.failing) throw new Error('the database is away')
      written.push(...events)
    },
    appendChange: async (event) => void written.push(event),
    listEvents: async () => [],
    queryEvents: async () => ({ events: [], older: undefined, newer: { after: 0 } }),
    oldestRefusalOf: async () => undefined,
    removeRefusalsBefore: async () => 0,
    pruneBefore: async (time) => {
      state.pruned = time
      return 0
    },
  }
  return { store, state, written, ids: () => written.map(({ requestId }) => requestId) }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('the audit recorder', () => {
  function create() {
    const { store, state, written, ids } = createStore()
    const errors: unknown[] = []
    const recorder = new AuditRecorder({
      store,
      clock: clockAt(10_000),
      random: systemRandom,
      retention: 1_000,
      refusalsKept: 1_000,
      onError: (e) => errors.push(e),
    })
    return { recorder, state, store, written, ids, errors }
  }

  test('writes recorded events soon, in order', async () => {
    vi.useFakeTimers()
    const { recorder, ids } = create()
    recorder.start()
    for (const id of ['1', '2', '3']) recorder.record(event(id))
    expect(ids()).toEqual([])
    await vi.advanceTimersByTimeAsync(250)
    expect(ids()).toEqual(['1', '2', '3'])
    await recorder.close()
  })

  test('writes many at once without a timer, each once', async () => {
    const { recorder, ids } = create()
    const recorded = Array.from({ length: 1_000 }, (_, index) => String(index))
    for (const id of recorded.slice(0, 255)) recorder.record(event(id))
    await eventually(() => expect(ids()).toEqual([]))
    for (const id of recorded.slice(255)) recorder.record(event(id))
    await eventually(() => expect(ids()).toEqual(recorded.slice(0, 768)))
    await recorder.close()
    expect(ids()).toEqual(recorded)
  })

  test('while the store fails, only time triggers the next attempt, not events', async () => {
    vi.useFakeTimers()
    const { recorder, state, ids } = create()
    recorder.start()
    state.failing = true
    const recorded = Array.from({ length: 1_000 }, (_, index) => String(index))
    for (const id of recorded) {
      recorder.record(event(id))
      await vi.advanceTimersByTimeAsync(0)
    }
    expect(state.attempts).toBe(1)
    await vi.advanceTimersByTimeAsync(650)
    expect(state.attempts).toBe(4)
    state.failing = false
    await vi.advanceTimersByTimeAsync(250)
    await eventually(() => expect(ids()).toEqual(recorded))
    await recorder.close()
  })

  test('keeps events while the store fails, and writes each once when it is back', async () => {
    vi.useFakeTimers()
    const { recorder, state, ids, errors } = create()
    recorder.start()
    state.failing = true
    recorder.record(event('1'))
    await vi.advanceTimersByTimeAsync(1_000)
    recorder.record(event('2'))
    expect(errors.length).toBeGreaterThan(2)
    state.failing = false
    await vi.advanceTimersByTimeAsync(250)
    expect(ids()).toEqual(['1', '2'])
    await recorder.close()
  })

  test('is full at a hundred thousand events that the store doesn’t take, and reports it', async () => {
    const { recorder, state } = create()
    state.failing = true
    for (let index = 0; index < 100_000; index += 1) {
      expect(recorder.isFull).toBe(false)
      recorder.record(event(String(index)))
    }
    expect(recorder.isFull).toBe(true)
    state.failing = false
    const turns = countTurns()
    await recorder.flush()
    expect(recorder.isFull).toBe(false)
    // The batches leave room for other work between them.
    expect(turns()).toBeGreaterThan(90)
  })

  test('audit-backlog: is bounded in bytes, keeps room for changes, and reports its losses', async () => {
    const { recorder, state, written } = create()
    state.failing = true
    const large = (id: number) => ({ ...event(String(id)), detail: { scope: 'x'.repeat(16_000) } })
    let recorded = 0
    while (!recorder.isFullForRefusals) recorder.record(large(recorded++))
    const forRefusals = recorded
    while (!recorder.isFull) recorder.record(large(recorded++))
    expect(recorded).toBeGreaterThan(2 * forRefusals)
    expect(recorded * 32_000).toBeLessThan(128 * 1024 * 1024)
    for (let i = 0; i < 5_000; i += 1) recorder.record(large(recorded++))
    const { lost, waiting } = recorder.counts
    expect(lost).toBeGreaterThan(1_000)
    expect(waiting + lost).toBe(recorded)
    state.failing = false
    await recorder.flush()
    expect(written).toHaveLength(waiting + 1)
    const said = written.filter(({ type }) => type === 'audit.lost')
    expect(said).toMatchObject([{ detail: { events: lost } }])
    expect([recorder.isFull, recorder.isFullForRefusals]).toEqual([false, false])
  })

  test('closing writes all waiting events', async () => {
    const { recorder, ids } = create()
    for (let index = 0; index < 5_000; index += 1) recorder.record(event(String(index)))
    await recorder.close()
    expect(ids()).toHaveLength(5_000)
  })

  test('closing fails if the store does, rather than lose events silently', async () => {
    const { recorder, state } = create()
    state.failing = true
    recorder.record(event('1'))
    await expect(recorder.close()).rejects.toThrow('the database is away')
  })

  test('prunes events after their retention time', async () => {
    vi.useFakeTimers()
    const { recorder, state } = create()
    recorder.start()
    await vi.advanceTimersByTimeAsync(61_000)
    expect(state.pruned).toBe(9_000)
    await recorder.close()
  })

  test('closing ends a long removal after its step, and nothing asks the store afterwards', async () => {
    vi.useFakeTimers()
    const { recorder, state, store, errors } = create()
    const step = Promise.withResolvers<void>()
    store.pruneBefore = async () => {
      state.pruned += 1
      await step.promise
      return 500
    }
    recorder.start()
    await vi.advanceTimersByTimeAsync(61_000)
    expect(state.pruned).toBe(1)
    let isClosed = false
    const closing = recorder.close().then(() => {
      isClosed = true
    })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(isClosed).toBe(false)
    step.resolve()
    await vi.advanceTimersByTimeAsync(1_000)
    await closing
    await vi.advanceTimersByTimeAsync(120_000)
    expect(state.pruned).toBe(1)
    expect(errors).toEqual([])
  })

  test('prunes no event too early if the clock is set years ahead', async () => {
    vi.useFakeTimers()
    const { store, state } = createStore()
    const clock = standingClock()
    const recorder = new AuditRecorder({
      store,
      clock,
      random: systemRandom,
      retention: 1_000,
      refusalsKept: 1_000,
      onError: () => {},
    })
    const before = clock.now()
    recorder.start()
    clock.step(3_650 * 24 * 3_600_000)
    await vi.advanceTimersByTimeAsync(61_000)
    expect(state.pruned).toBe(before - 1_000)
    await recorder.close()
  })
})
