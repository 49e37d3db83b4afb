import { afterEach, beforeEach, expect, test } from 'vitest'
import { followEvents } from '../../src/audit/follow.ts'
import { type Log, openLog } from './export/setting.ts'

let log: Log
beforeEach(async () => {
  log = await openLog()
})
afterEach(() => log.close())

test('new events are followed from a place, without a gap and in order, and go on from the last place', async () => {
  await log.write(1, 3)
  const stopping = new AbortController()
  const { signal } = stopping
  const { newer } = await log.store.audit.queryEvents({ limit: 1 })
  const followed: string[] = []
  let place = newer.after
  const following = async (least: number) => {
    for await (const { events, after } of followEvents(log.store.audit, {}, { after: place, signal, lookEvery: 5 })) {
      followed.push(...events.map(({ requestId }) => requestId))
      place = after
      if (followed.length >= least) return
    }
  }
  const one = following(250)
  await log.write(1, 120)
  await log.write(2, 130)
  await one
  expect(followed).toEqual([...(log.written.get(1) ?? []).slice(3), ...(log.written.get(2) ?? [])])
  await log.write(1, 1)
  await following(251)
  expect(followed.at(-1)).toBe('c1-124')
  stopping.abort()
  await following(9_999)
})

test('a filter moves the place past other events', async () => {
  const { signal } = new AbortController()
  await log.write(1, 3)
  const follower = followEvents(log.store.audit, { clientIds: ['none'] }, { after: 0, signal, lookEvery: 5 })
  expect((await follower.next()).value).toEqual({ events: [], after: 3 })
  await follower.return()
})
