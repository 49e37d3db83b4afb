import { expect, test } from 'vitest'
import { lifetimeOf } from '../../../src/client-auth/remote-jwks/lifetime.ts'

const NOW = Date.UTC(2030, 0, 1)
const date = (seconds: number) => new Date(NOW + seconds * 1_000).toUTCString()

const cases: [string, Parameters<typeof lifetimeOf>[0], number][] = [
  ['no header means ten minutes', {}, 600],
  ['max-age', { 'cache-control': 'public, max-age=300' }, 300],
  ['max-age of another case, quoted', { 'cache-control': 'Public,MAX-AGE="300" , must-revalidate' }, 300],
  ['max-age less Age', { 'cache-control': 'max-age=300', age: '100' }, 200],
  ['max-age that Age exceeds', { 'cache-control': 'max-age=300', age: '400' }, 60],
  ['max-age before Expires', { 'cache-control': 'max-age=300', expires: date(900) }, 300],
  ['max-age too short', { 'cache-control': 'max-age=0' }, 60],
  ['max-age too long', { 'cache-control': 'max-age=31536000' }, 86_400],
  ['max-age beyond the largest number', { 'cache-control': `max-age=${'9'.repeat(400)}` }, 86_400],
  ['an invalid max-age', { 'cache-control': 'max-age=-5' }, 600],
  ['a max-age without a number', { 'cache-control': 'max-age' }, 60],
  ['max-age for shared caches only', { 'cache-control': 's-maxage=300' }, 600],
  ['a directive that ends like max-age', { 'cache-control': 'stale max-age=300' }, 600],
  ['no-store', { 'cache-control': 'max-age=300, no-store' }, 60],
  ['no-cache', { 'cache-control': 'no-cache' }, 60],
  ['Expires', { expires: date(300) }, 300],
  ['Expires by the clock of the source', { date: date(-3_600), expires: date(-3_300) }, 300],
  ['Expires less Age', { expires: date(300), age: '100' }, 200],
  ['Expires in the past', { expires: date(-300) }, 60],
  ['Expires that isn’t a date', { expires: '0' }, 60],
  ['Expires in another format', { expires: 'soon' }, 60],
  ['Age that isn’t a number', { 'cache-control': 'max-age=300', age: 'old' }, 300],
  ['Age with a word before its number', { 'cache-control': 'max-age=300', age: 'about 100' }, 300],
  ['Age with a unit', { 'cache-control': 'max-age=300', age: '100 s' }, 300],
]
test.each(cases)('%s', (_name, headers, seconds) => {
  expect(lifetimeOf(headers, NOW)).toBe(seconds * 1_000)
})
