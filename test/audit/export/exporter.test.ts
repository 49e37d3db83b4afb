import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Sink } from '../../../src/audit/export/sink.ts'
import { BEGINNING } from '../../../src/audit/export/store.ts'
import { DAY_MS } from '../../../src/platform/clock.ts'
import { until } from '../../harness/until.ts'
import { expectAll, haveArrived, type Log, openLog, startExporter } from './setting.ts'

let log: Log
beforeEach(async () => {
  log = await openLog()
})
afterEach(() => log.close())

/** A system that notes what arrives. */
function collect(): { readonly sink: Sink; readonly arrived: string[]; readonly sizes: number[] } {
  const arrived: string[] = []
  const sizes: number[] = []
  const deliver: Sink['deliver'] = async (events) => {
    arrived.push(...events.map(({ event: { requestId } }) => requestId))
    sizes.push(events.length)
  }
  return { sink: { deliver, close: async () => {} }, arrived, sizes }
}

test('one of two processes exports, and the other takes over when it stops or dies', async () => {
  const [one, two, three] = [collect(), collect(), collect()]
  const first = startExporter(log, one.sink)
  await log.write(1, 10)
  await until(async () => haveArrived(log, one.arrived))
  const second = startExporter(log, two.sink)
  await log.write(1, 10)
  await until(async () => haveArrived(log, one.arrived))
  expect(two.arrived).toEqual([])
  expect(first.exporter.counts.lag).toBe(0)
  expect(second.exporter.counts.lag).toBeUndefined()
  await first.exporter.stop()
  await log.write(1, 10)
  await until(async () => haveArrived(log, [...one.arrived, ...two.arrived]))
  expect(two.arrived).toHaveLength(10)
  // A process that dies gives nothing back, and its beat stops.
  const { beat, release } = log.store.exports
  log.store.exports.release = async () => {}
  await second.exporter.stop()
  Object.assign(log.store.exports, { beat, release })
  await log.write(1, 10)
  const third = startExporter(log, three.sink)
  await until(async () => haveArrived(log, [...one.arrived, ...two.arrived, ...three.arrived]))
  await third.exporter.stop()
  expectAll(log, [...one.arrived, ...two.arrived, ...three.arrived])
  expect(third.failures).toEqual([])
})

test('a process that has lost its sink while it was paused stores no position', async () => {
  const { exports } = log.store
  const first = await exports.take('sink', 'one', undefined)
  expect(first).toEqual(BEGINNING)
  expect(await exports.take('sink', 'two', undefined)).toBeUndefined()
  const seen = await exports.holderOf('sink')
  expect(await exports.beat('sink', 'one', { seq: 5, chains: {} })).toBe(true)
  expect(await exports.take('sink', 'two', seen)).toBeUndefined()
  expect(await exports.take('sink', 'two', await exports.holderOf('sink'))).toEqual({ seq: 5, chains: {} })
  expect(await exports.beat('sink', 'one', { seq: 9, chains: {} })).toBe(false)
  await exports.release('sink', 'one')
  expect(await exports.holderOf('sink')).toMatchObject({ holder: 'two' })
  await exports.release('sink', 'two')
  const free = await exports.holderOf('sink')
  expect(free?.holder).toBeNull()
  expect(await exports.take('sink', 'three', free)).toEqual({ seq: 5, chains: {} })
})

test('batches are bounded in events and in bytes, and one large event passes', async () => {
  await log.write(1, 450)
  await log.db.logs
    .updateTable('audit_event')
    .set({ detail: JSON.stringify({ long: 'x'.repeat(300_000) }) })
    .where('seq', '>', 440)
    .execute()
  await log.db.logs
    .updateTable('audit_event')
    .set({ detail: JSON.stringify({ long: 'x'.repeat(2_000_000) }) })
    .where('seq', '=', 445)
    .execute()
  const { sink, sizes, arrived } = collect()
  const { exporter } = startExporter(log, sink)
  await until(async () => haveArrived(log, arrived))
  await exporter.stop()
  expect(sizes).toEqual([200, 200, 41, 1, 1, 1, 1, 1, 1, 1, 1, 1])
  expectAll(log, arrived)
})

test('events that retention will remove, or has removed, are reported', async () => {
  await log.write(1, 4)
  const { sink, arrived } = collect()
  const first = startExporter(log, sink)
  await until(async () => haveArrived(log, arrived))
  await first.exporter.stop()
  await log.write(1, 6)
  await log.db.logs.deleteFrom('audit_event').where('place', 'in', [5, 6]).execute()
  await log.db.logs
    .updateTable('audit_event')
    .set({ at: Date.now() - 9 * DAY_MS })
    .where('place', '=', 7)
    .execute()
  const { exporter, losses } = startExporter(log, sink, 10 * DAY_MS)
  await until(async () => arrived.includes('c1-10'))
  await exporter.stop()
  expect(losses).toEqual([
    '2 events were removed before they were exported',
    'events will soon be removed that are not exported yet: see audit.retention_days',
  ])
  expect(exporter.counts).toMatchObject({ missed: 2, exported: 4 })
})

test('positions that can not be read stand for the beginning', async () => {
  const { exports } = log.store
  await exports.take('sink', 'one', undefined)
  await log.db.logs.updateTable('audit_export').set({ positions: '{"seq":"x"}', holder: null }).execute()
  expect(await exports.take('sink', 'two', await exports.holderOf('sink'))).toEqual(BEGINNING)
})
