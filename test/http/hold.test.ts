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

test('an answer is held for as long as was said, from when it began', async () => {
  const hold = new Holds(10).begin(1_000)
  vi.advanceTimersByTime(999)
  expect(await isOver(hold)).toBe(false)
  vi.advanceTimersByTime(1)
  expect(await isOver(hold)).toBe(true)
})

test('one that is released leaves at once, and leaves no timer behind', async () => {
  const hold = new Holds(10).begin(1_000)
  hold.release()
  expect(await isOver(hold)).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
})

test('of more than may be held, the oldest leaves', async () => {
  const holds = new Holds(2)
  const [first, second, third] = [holds.begin(1_000), holds.begin(5_000), holds.begin(10)] as const
  expect(await Promise.all([first, second, third].map(isOver))).toEqual([true, false, false])
  third.release()
  const fourth = holds.begin(1_000)
  expect(await Promise.all([second, fourth].map(isOver))).toEqual([false, false])
})

test('where none may be held, none is', async () => {
  expect(await isOver(new Holds(0).begin(1_000))).toBe(true)
})
