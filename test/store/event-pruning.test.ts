import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { Database } from '../../src/store/sql/dialect.ts'
import { EventPruning } from '../../src/store/tables/event-pruning.ts'

const EXTENT = { segment: 5, mostInVain: 2 }

let folder: string
let db: Database
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-pruning-'))
  db = await openDatabase(`sqlite:${join(folder, 'tessera.db')}`, systemClock)
})
afterAll(async () => {
  await db.close()
  rmSync(folder, { recursive: true })
})

async function add(times: readonly number[]): Promise<void> {
  const event = { tenant: DEFAULT_TENANT, type: 'token.issue', result: 'success', request_id: 'r', detail: '{}' }
  if (times.length > 0)
    await db.logs
      .insertInto('audit_event')
      .values(times.map((at) => ({ ...event, at })))
      .execute()
}

const left = async () =>
  (await db.scans.selectFrom('audit_event').select('at').orderBy('seq').execute()).map(({ at }) => at)

/** Times advance by minutes, for at most a hundred events. Most events have the right time; others are years off. */
const time = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 100 }) },
  fc.integer({ min: -1_000_000, max: -1 }),
  fc.integer({ min: 1_000_000, max: 2_000_000 }),
)
const minutes = fc.array(
  fc.record({
    added: fc.array(time, { maxLength: 30 }),
    most: fc.integer({ min: 1, max: 8 }),
    /** Whether the process restarts, and so forgets how far it has looked. */
    restarts: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
)

test('in any order of times, a bounded number of calls removes exactly the due events', async () => {
  await fc.assert(
    fc.asyncProperty(minutes, async (steps) => {
      await db.logs.deleteFrom('audit_event').execute()
      let pruning = new EventPruning(db, EXTENT)
      let expected: number[] = []
      let now = 0
      for (const { added, most, restarts } of steps) {
        if (restarts) pruning = new EventPruning(db, EXTENT)
        await add(added)
        expected.push(...added)
        now += 20
        // Each call removes an event, or has looked at a full quota of others.
        const looks = Math.ceil(expected.length / (EXTENT.segment * EXTENT.mostInVain)) + 1
        for (let call = 0; call < expected.length + looks; call += 1) {
          const before = (await left()).length
          const removed = await pruning.pruneBefore(now, most)
          expect(removed).toBeLessThanOrEqual(most)
          expect(before - (await left()).length).toBe(removed)
        }
        expected = expected.filter((at) => at >= now)
        expect(await left()).toEqual(expected)
      }
    }),
    { numRuns: 60 },
  )
})

test('events that are not due are looked at only once', async () => {
  await db.logs.deleteFrom('audit_event').execute()
  await add(Array.from({ length: 500 }, () => 1_000_000))
  let looks = 0
  const counted = new Proxy(db.scans, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target)
      if (name !== 'selectFrom' || typeof value !== 'function') return value
      return (...from: unknown[]) => {
        looks += 1
        return Reflect.apply(value, target, from)
      }
    },
  })
  const pruning = new EventPruning({ scans: counted, logs: db.logs }, EXTENT)
  for (let call = 0; call < 60; call += 1) expect(await pruning.pruneBefore(1, 10)).toBe(0)
  const once = looks
  expect(once).toBeGreaterThan(100)
  for (let call = 0; call < 60; call += 1) expect(await pruning.pruneBefore(1, 10)).toBe(0)
  // Each pass ends with a query that finds no more events.
  expect(looks - once).toBeLessThanOrEqual(2 * 60)
})
