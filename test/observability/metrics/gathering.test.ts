import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DatabaseCalls } from '../../../src/observability/database-calls.ts'
import { addCounts, renderMetrics, type Snapshot } from '../../../src/observability/snapshot.ts'
import { StorageUnavailable } from '../../../src/platform/storage-unavailable.ts'
import type { Channel, FromPrimary, FromWorker } from '../../../src/server/workers/channel.ts'
import { WorkerMetrics } from '../../../src/server/workers/metrics.ts'

describe('the metrics of workers', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const counted = (requests: number): Snapshot => [
    {
      name: 'requests',
      help: '',
      type: 'counter',
      aggregator: 'sum',
      values: [{ labels: { a: 'x' }, value: requests }],
    },
    { name: 'waiting', help: '', type: 'gauge', aggregator: 'sum', values: [{ labels: {}, value: 5 }] },
  ]
  const totals = (snapshots: readonly Snapshot[]) => {
    const sum = (name: string) =>
      snapshots
        .flat()
        .filter((metric) => metric.name === name)
        .flatMap(({ values }) => values)
        .reduce((all, { value }) => all + value, 0)
    return { requests: sum('requests'), waiting: sum('waiting') }
  }

  /** A worker that answers on demand. */
  function fakeWorker() {
    const state = { isBusy: false, requests: 0 }
    const listeners: ((message: FromWorker) => void)[] = []
    const channel: Channel<FromPrimary, FromWorker> = {
      onMessage: (take) => listeners.push(take),
      send: (message) => {
        if (message.kind !== 'measure' || state.isBusy) return
        for (const take of listeners) take({ kind: 'measured', id: message.id, snapshot: counted(state.requests) })
      },
    }
    return { state, channel }
  }

  test('never decrease, in whatever order counts are added', async () => {
    const seconds = [0.1, 0.2, 0.3, 0.7, 1.000001, 2.675, 1e-6, 0.123456]
    const snapshotOf = (value: number): Snapshot => [
      { name: 'seconds_total', help: '', type: 'counter', aggregator: 'sum', values: [{ labels: {}, value }] },
    ]
    const totalOf = async (snapshots: readonly Snapshot[]) =>
      /^seconds_total (.*)$/m.exec(await renderMetrics(snapshots))?.[1]
    const all = seconds.map(snapshotOf)
    const totals = new Set<string | undefined>()
    for (let turn = 0; turn < all.length; turn += 1) {
      const turned = [...all.slice(turn), ...all.slice(0, turn)]
      totals.add(await totalOf(turned))
      totals.add(await totalOf([...turned.slice(3), turned.slice(0, 3).reduce(addCounts)]))
      totals.add(await totalOf([turned.reduceRight(addCounts)]))
    }
    expect([...totals]).toEqual(['5.098458'])
  })

  test('sum over all running workers', async () => {
    const metrics = new WorkerMetrics()
    for (const requests of [3, 4]) {
      const { state, channel } = fakeWorker()
      state.requests = requests
      metrics.add(channel)
    }
    expect(totals(await metrics.snapshots())).toEqual({ requests: 7, waiting: 10 })
  })

  test('of a worker too busy to answer are its previous ones, after two seconds', async () => {
    const metrics = new WorkerMetrics()
    const { state, channel } = fakeWorker()
    state.requests = 3
    metrics.add(channel)
    await metrics.snapshots()
    Object.assign(state, { requests: 9, isBusy: true })
    const asked = metrics.snapshots()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(totals(await asked)).toEqual({ requests: 3, waiting: 5 })
  })

  test('of ended workers keep their counters, and drop their gauges', async () => {
    const metrics = new WorkerMetrics()
    for (const requests of [3, 4]) {
      const { state, channel } = fakeWorker()
      const forget = metrics.add(channel)
      state.requests = requests
      await metrics.snapshots()
      forget()
    }
    const { state, channel } = fakeWorker()
    state.requests = 1
    metrics.add(channel)
    expect(totals(await metrics.snapshots())).toEqual({ requests: 8, waiting: 5 })
  })

  test('of a worker that ends while it is asked count once, without a wait', async () => {
    const metrics = new WorkerMetrics()
    const { state, channel } = fakeWorker()
    const forget = metrics.add(channel)
    state.requests = 3
    await metrics.snapshots()
    state.isBusy = true
    const asked = metrics.snapshots()
    forget()
    expect(totals(await asked)).toEqual({ requests: 3, waiting: 0 })
  })
})

describe('a call of the database', () => {
  class Rows {
    readonly #rows = ['one']
    async list() {
      return this.#rows
    }
    async fail(error: unknown) {
      throw error
    }
    throwAtOnce(error: unknown) {
      throw error
    }
  }
  const outcomes: Readonly<Record<string, readonly [(rows: Rows) => unknown, string]>> = {
    'that succeeds': [(rows) => rows.list(), 'ok'],
    'that fails because the database is away': [(rows) => rows.fail(new StorageUnavailable(undefined)), 'unavailable'],
    'that fails because of its arguments': [(rows) => rows.fail(new Error('no such column')), 'error'],
    'that throws synchronously': [(rows) => rows.throwAtOnce(new Error('no such column')), 'error'],
  }
  test.each(Object.entries(outcomes))(
    '%s is counted by its store, timed, and passed on unchanged',
    async (_name, [call, result]) => {
      let now = 0
      const calls = new DatabaseCalls(() => {
        now += 20
        return now
      })
      const plain = { rows: new Rows(), other: new Rows(), close: () => 'closed' }
      const store = calls.counted(plain)
      const outcome = async (rows: Rows) => {
        try {
          return await call(rows)
        } catch (error) {
          return String(error)
        }
      }
      expect(await outcome(store.rows)).toEqual(await outcome(plain.rows))
      expect(store.close()).toBe('closed')
      const { tessera_database_calls_total: counted = [], tessera_database_call_duration_seconds: timed = [] } =
        calls.read()
      expect(counted.filter(({ value }) => value > 0)).toEqual([{ labels: { store: 'rows', result }, value: 1 }])
      expect(timed.map(({ labels, value }) => [labels.store, value.microseconds])).toEqual([
        ['rows', 20_000],
        ['other', 0],
      ])
    },
  )
})
