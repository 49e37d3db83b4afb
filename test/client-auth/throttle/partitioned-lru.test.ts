import { expect, test } from 'vitest'
import { PartitionedLru } from '../../../src/client-auth/throttle/partitioned-lru.ts'

const one = { name: 'one' }
const other = { name: 'other' }

function setUp() {
  const lru = new PartitionedLru<'small' | 'large', { readonly name: string }>({ small: 2, large: 3 })
  const fill = (part: 'small' | 'large', times: number) => {
    for (let i = 0; i < times; i += 1) lru.put(part, `${part} ${i}`, other)
  }
  return { lru, fill }
}

test('each part drops its own least recently used entry', () => {
  const { lru, fill } = setUp()
  lru.put('small', 'a', one)
  lru.put('small', 'b', one)
  expect(lru.get('a')).toBe(one)
  fill('large', 10)
  fill('small', 1)
  expect(lru.get('a')).toBe(one)
  expect(lru.get('b')).toBeUndefined()
  expect(lru.get('large 6')).toBeUndefined()
  expect(lru.get('large 7')).toBe(other)
})

test('an entry lies in one part: in the one into which it was put last', () => {
  const { lru, fill } = setUp()
  lru.put('small', 'a', one)
  lru.put('large', 'a', other)
  expect(lru.get('a')).toBe(other)
  fill('small', 2)
  expect(lru.get('a')).toBe(other)
  lru.put('large', 'large 0', other)
  lru.put('small', 'a', one)
  expect(lru.get('a')).toBe(one)
  fill('small', 2)
  expect(lru.get('a')).toBeUndefined()
})
