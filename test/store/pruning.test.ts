import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { Database } from '../../src/store/sql/dialect.ts'
import { checkpoints, events, Pruning } from '../../src/store/tables/pruning.ts'
import { Removals } from '../../src/store/tables/removals.ts'

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

/** A kind of rows, by the order in which they were added. */
interface Kind {
  readonly name: string
  readonly rows: () => ConstructorParameters<typeof Pruning>[1]
  /** Whether the last row always stays. */
  readonly keepsLast: boolean
  empty(): Promise<unknown>
  insert(times: readonly number[]): Promise<unknown>
  left(): Promise<readonly { readonly at: number }[]>
}

const kinds: readonly Kind[] = [
  {
    name: 'events',
    rows: () => events(new Removals()),
    keepsLast: false,
    empty: () => db.logs.deleteFrom('audit_event').execute(),
    insert: (times) => {
      const event = { tenant: DEFAULT_TENANT, type: 'token.issue', result: 'success', request_id: 'r', detail: '{}' }
      const rows = times.map((at) => ({ ...event, at }))
      return db.logs.insertInto('audit_event').values(rows).execute()
    },
    left: () => db.scans.selectFrom('audit_event').select('at').orderBy('seq').execute(),
  },
  {
    name: 'checkpoints',
    rows: () => checkpoints(new Removals()),
    keepsLast: true,
    empty: () => db.logs.deleteFrom('audit_checkpoint').execute(),
    insert: async (times) => {
      const all = db.scans.selectFrom('audit_checkpoint')
      const last = await all.select('number').orderBy('number', 'desc').limit(1).executeTakeFirst()
      const first = (last?.number ?? 0) + 1
      const rows = times.map((at, index) => ({
        at,
        number: first + index,
        statement: '{}',
        signature: Buffer.from([1]),
      }))
      return db.logs.insertInto('audit_checkpoint').values(rows).execute()
    },
    left: () => db.scans.selectFrom('audit_checkpoint').select('at').orderBy('number').execute(),
  },
]

/** Times advance by minutes, for at most a hundred rows. Most rows have the right time; others are years off. */
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

describe.each(kinds)('$name', (kind) => {
  test('in any order of times, a bounded number of calls removes exactly the due ones', async () => {
    await fc.assert(
      fc.asyncProperty(minutes, async (steps) => {
        await kind.empty()
        let pruning = new Pruning(db, kind.rows(), EXTENT)
        let expected: number[] = []
        let now = 0
        for (const { added, most, restarts } of steps) {
          if (restarts) pruning = new Pruning(db, kind.rows(), EXTENT)
          if (added.length > 0) await kind.insert(added)
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
          const stays = (index: number) => kind.keepsLast && index === expected.length - 1
          expected = expected.filter((at, index) => at >= now || stays(index))
          expect(await left()).toEqual(expected)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('those that are not due are looked at only once', async () => {
    await kind.empty()
    await kind.insert(Array.from({ length: 500 }, () => 1_000_000))
    let looks = 0
    const counted = db.scans.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        looks += 1
        return result
      },
    })
    const pruning = new Pruning({ scans: counted, logs: db.logs }, kind.rows(), EXTENT)
    for (let call = 0; call < 60; call += 1) expect(await pruning.pruneBefore(1, 10)).toBe(0)
    const once = looks
    expect(once).toBeGreaterThanOrEqual(100)
    for (let call = 0; call < 60; call += 1) expect(await pruning.pruneBefore(1, 10)).toBe(0)
    // Each pass ends with a query that finds no more events.
    expect(looks - once).toBeLessThanOrEqual(60)
  })

  const left = async () => (await kind.left()).map(({ at }) => at)
})
