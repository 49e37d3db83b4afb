import { afterEach, beforeEach, expect, test } from 'vitest'
import { BEGINNING } from '../../../src/audit/export/store.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { openDatabase } from '../../../src/store/open.ts'
import { SettledEvents } from '../../../src/store/postgres/settled-events.ts'
import type { Database } from '../../../src/store/sql/dialect.ts'
import { createStore, type Store } from '../../../src/store/tables/sql-store.ts'
import { ACCESS } from '../../harness/access.ts'
import { sharedPostgres } from '../../harness/postgres.ts'
import { exportAll, rowOf } from './setting.ts'

let db: Database
let store: Store
beforeEach(async () => {
  const postgres = await sharedPostgres()
  db = await openDatabase(await postgres.newMigrated(), systemClock, ACCESS)
  store = createStore(db, systemClock)
})
afterEach(() => db.close())

const write = (chain: number, place: number) => db.logs.insertInto('audit_event').values(rowOf(chain, place)).execute()

test('events that are committed late are exported, indexed and followed, each once', async () => {
  const settled = new SettledEvents(db.scans)
  const look = async () => {
    await settled.look()
    return settled.last
  }
  await write(1, 1)
  const ids: string[] = []
  let positions = BEGINNING
  const go = async () => {
    const next = await exportAll(store, positions)
    ids.push(...next.ids)
    positions = next.positions
  }
  await db.logs.transaction().execute(async (late) => {
    await late.insertInto('audit_event').values(rowOf(2, 1)).execute()
    await write(1, 2)
    await go()
    expect(ids).toEqual(['c1-1', 'c1-2'])
    // Only numbers from before the open transaction are settled, however often anybody looks.
    for (let times = 0; times < 5; times += 1) expect(await look()).toBe(0)
    const page = await store.audit.queryEvents({ limit: 9, from: { after: 0 }, settled: true })
    expect(page).toMatchObject({ events: [], newer: { after: 0 } })
    await write(1, 3)
    await go()
  })
  await go()
  expect(ids).toEqual(['c1-1', 'c1-2', 'c1-3', 'c2-1'])
  for (let times = 0; times < 5; times += 1) await look()
  expect(settled.last).toBe(4)
  for (let times = 0; times < 5; times += 1) await go()
  expect(ids).toHaveLength(4)
  expect(positions.seq).toBe(4)
  const page = await store.audit.queryEvents({ limit: 9, from: { after: 0 }, settled: true })
  expect(page.events.map(({ seq }) => seq)).toEqual([4, 3, 2, 1])
})
