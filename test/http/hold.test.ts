import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Hold, Holds } from '../../src/http/hold.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

async function isOver({ over }: Hold): Promise<boolean> {
  const later = new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))
  return Promise.race([over.then(() => true), later])
}

test('an answer is held for the given time from its beginning', async () => {
  const hold = new Holds(10).begin(1_000)
  vi.advanceTimersByTime(999)
  expect(await isOver(hold)).toBe(false)
  vi.advanceTimersByTime(1)
  expect(await isOver(hold)).toBe(true)
})

test('a released answer leaves at once, and leaves no timer behind', async () => {
  const hold = new Holds(10).begin(1_000)
  hold.release()
  expect(await isOver(hold)).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
})

test('beyond the limit, the oldest held answer leaves', async () => {
  const holds = new Holds(2)
  const [first, second, third] = [holds.begin(1_000), holds.begin(5_000), holds.begin(10)] as const
  expect(await Promise.all([first, second, third].map(isOver))).toEqual([true, false, false])
  third.release()
  const fourth = holds.begin(1_000)
  expect(await Promise.all([second, fourth].map(isOver))).toEqual([false, false])
})

test('with a limit of zero, no answer is held', async () => {
  expect(await isOver(new Holds(0).begin(1_000))).toBe(true)
})
