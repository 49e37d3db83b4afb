import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClientId } from '../../src/oauth/ids.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { UsageRetention } from '../../src/usage/retention.ts'
import type { Resolution } from '../../src/usage/store.ts'
import { standingClock } from '../harness/clock.ts'
import { emptyDatabase } from '../harness/empty-database.ts'
import { usageBatch, usageCount } from '../store/contract.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const KEPT = { minute: 2 * HOUR, hour: 2 * DAY, day: 10 * DAY }

let clock: ReturnType<typeof standingClock>
let folder: string
let store: Store
beforeEach(async () => {
  clock = standingClock((20_000 * DAY) / 1000)
  folder = mkdtempSync(join(tmpdir(), 'tessera-usage-'))
  const storage = emptyDatabase(join(folder, 'tessera.db'))
  store = await openStore(storage, clock)
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const retention = (rows = 1_000) => new UsageRetention({ store: store.usage, clock, limits: { kept: KEPT, rows } })
let made = 0
const add = (times: readonly number[]) => {
  made += 1
  const counts = times.map((at, n) => usageCount({ at, clientId: ClientId(`c${n}`) }))
  return store.usage.add(usageBatch(made, counts))
}
const ages = async (resolution: Resolution, unit: number) => {
  const intervals = await store.usage.intervals(resolution, Number.MIN_SAFE_INTEGER, 100)
  return intervals.map(({ at }) => (clock.now() - at) / unit)
}

test('each resolution is kept for its time', async () => {
  await add([-3, 0, 1, 119, 120, 121].map((age) => clock.now() - age * MINUTE))
  await add([47, 48, 49].map((age) => clock.now() - age * HOUR))
  await add([9, 10, 11].map((age) => clock.now() - age * DAY))
  await retention().prune()
  expect(await ages('minute', MINUTE)).toEqual([120, 119, 1, 0, -3])
  expect(await ages('hour', HOUR)).toEqual([48, 47, 3, 2, 1, 0])
  expect(await ages('day', DAY)).toEqual([10, 9, 3, 2, 1, 0])
})

test('of too many rows, those dated ahead go first, then the oldest', async () => {
  const pruning = retention(1_000)
  await add(Array.from({ length: 30 }, (_, n) => clock.now() + (n + 2) * DAY))
  for (let age = 1; age <= 8; age += 1) await add(Array.from({ length: 190 }, () => clock.now() - age * DAY))
  await pruning.prune()
  const kept = await store.usage.intervals('day', 0, 100)
  expect(kept.map(({ at, rows }) => [(clock.now() - at) / DAY, rows])).toEqual([
    [6, 50],
    ...[5, 4, 3, 2, 1].map((age) => [age, 190]),
  ])
  expect(pruning.removedEarly).toEqual({ minute: 0, hour: 0, day: 30 + 140 + 2 * 190 })
  await pruning.prune()
  expect(pruning.removedEarly.day).toBe(550)
})

test('a clock that is set forward or back removes nothing', async () => {
  const pruning = retention()
  await add([0, 1, 2].map((age) => clock.now() - age * DAY))
  clock.step(3_650 * DAY)
  await pruning.prune()
  clock.step(-7_300 * DAY)
  await pruning.prune()
  expect(await store.usage.intervals('day', 0, 9)).toHaveLength(3)
})
