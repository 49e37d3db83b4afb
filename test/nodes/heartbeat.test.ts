import { expect, test } from 'vitest'
import { Heartbeat } from '../../src/nodes/heartbeat.ts'
import type { Node, NodeStore } from '../../src/nodes/store.ts'
import { Metrics } from '../../src/observability/metrics.ts'
import type { Snapshot } from '../../src/observability/snapshot.ts'
import { type CountedEndpoint, Traffic } from '../../src/observability/traffic.ts'
import { StorageUnavailable } from '../../src/platform/storage-unavailable.ts'
import { standingClock } from '../harness/clock.ts'

/** A node of two processes that stores its state in memory. */
function setting({
  keysSeen = ['k'],
  problems = [],
  ages = [],
}: {
  readonly keysSeen?: readonly string[]
  readonly problems?: readonly string[]
  /** Seconds. */
  readonly ages?: readonly number[]
} = {}) {
  const clock = standingClock()
  const stored = new Map<string, Node>()
  const state = { isAway: false }
  const store: NodeStore = {
    putNode: async (node) => {
      if (state.isAway) throw new StorageUnavailable(new Error('away'))
      stored.set(node.id, node)
    },
    removeNode: async (id) => void stored.delete(id),
    listNodes: async () => [...stored.values()],
    removeOldNodes: async () => {},
  }
  const traffic = [new Traffic(), new Traffic()]
  const age = () => ({ tessera_state_age_seconds: ages.map((value) => ({ labels: { of: 'keys' }, value })) })
  const processes = traffic.map((one) => new Metrics('worker', [() => one.read(), age]))
  const heartbeat = new Heartbeat({
    store,
    clock,
    identity: { id: 'one', host: 'h'.repeat(1_000), version: '1', workers: 2 },
    configDigest: () => 'd',
    keysSeen: () => keysSeen,
    problems: async () => problems,
    measure: (): Promise<readonly Snapshot[]> => Promise.all(processes.map((metrics) => metrics.snapshot())),
  })
  return {
    clock,
    state,
    heartbeat,
    /** Requests to an endpoint of a process. @param elapsed milliseconds */
    requests: (count: number, elapsed: number, process = 0, endpoint: CountedEndpoint = 'token') => {
      for (let index = 0; index < count; index += 1) {
        const meter = traffic[process]?.of(endpoint)
        meter?.begin()
        meter?.end(200, elapsed)
      }
    },
    beat: async () => {
      await heartbeat.beat()
      return stored.get('one')
    },
    stored,
  }
}

test('the requests of every process in the last minute count, and earlier ones no more', async () => {
  const { clock, requests, beat } = setting()
  requests(50, 0.4)
  requests(40, 1.5, 1)
  requests(10, 90)
  requests(1_000, 90, 1, 'other')
  clock.advance(10_000)
  expect((await beat())?.requests).toEqual({ perMinute: 100, latency: { p50: 0.5, p95: 75, p99: 95 } })
  for (let beats = 0; beats < 5; beats += 1) {
    clock.advance(10_000)
    expect((await beat())?.requests.perMinute).toBe(100)
  }
  requests(3, 20)
  clock.advance(10_000)
  expect((await beat())?.requests).toEqual({ perMinute: 3, latency: { p50: 17.5, p95: 24.25, p99: 24.85 } })
})

test('an answer that took longer than all bounds counts as the largest bound', async () => {
  const { clock, requests, beat } = setting()
  requests(1, 60_000)
  clock.advance(10_000)
  expect((await beat())?.requests.latency).toEqual({ p50: 5_000, p95: 5_000, p99: 5_000 })
})

test.each([
  [[0.2, 1], 0],
  [[0.2, 2.5], 2_500],
])('a state of %j seconds is a lag of %d ms', async (ages, lag) => {
  expect((await setting({ ages }).beat())?.changeLag).toBe(lag)
})

test('however much there is to tell, the row is small', async () => {
  const node = await setting({
    keysSeen: Array.from({ length: 1_000 }, (_, index) => `${index}`.padStart(43, 'k')),
    problems: Array.from({ length: 1_000 }, () => '\u0000'.repeat(10_000)),
  }).beat()
  expect(JSON.stringify(node).length).toBeLessThan(32 * 1024)
  expect(node).toMatchObject({ host: 'h'.repeat(300), problems: { length: 16 }, keysSeen: { length: 64 } })
})

test('a node that ends is removed, unless the database was away last', async () => {
  const { state, heartbeat, beat, stored } = setting()
  await beat()
  state.isAway = true
  await expect(beat()).rejects.toThrow(StorageUnavailable)
  await heartbeat.end()
  expect(stored.size).toBe(1)
  state.isAway = false
  await beat()
  await heartbeat.end()
  expect(stored.size).toBe(0)
})
