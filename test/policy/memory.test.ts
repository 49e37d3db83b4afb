import { expect, test } from 'vitest'
import { ApiSet } from '../../src/model/api-set.ts'
import { AccessDecisions } from '../../src/policy/entitlement.ts'
import { apiWith, clientOf } from '../harness/access-records.ts'
import { bytesInUse } from '../harness/memory.ts'

const MB = 1024 * 1024
const API = 'https://api.example.com'
const OTHER = 'https://other.example.com'

const list = <Part>(count: number, partOf: (index: number) => Part): Part[] =>
  Array.from({ length: count }, (_, index) => partOf(index))
const names = (count: number, start = '') => list(count, (index) => `${start}${index}`.padEnd(40, 'x'))

test('APIs that have changed are forgotten, however many clients had asked for them', () => {
  const decisions = new AccessDecisions()
  const others = list(10, (index) => apiWith(`${OTHER}/${index}`, ...names(100, `${index} `)))
  const clients = list(100, (index) => clientOf({ scopes: ['read', `own ${index}`] }))
  const before = bytesInUse()
  for (const client of clients) {
    // Each change of an API makes all of them anew.
    const apis = new ApiSet(structuredClone([apiWith(API, 'read'), ...others]))
    expect(decisions.decide(client, { scope: ['read'], targets: [] }, apis).scopes).toEqual(['read'])
  }
  expect(bytesInUse() - before).toBeLessThan(4 * MB)
  expect(
    decisions.decide(
      clientOf({ scopes: ['read'] }),
      { scope: ['read'], targets: [] },
      new ApiSet([apiWith(API, 'read')]),
    ).scopes,
  ).toEqual(['read'])
  expect(clients).toHaveLength(100)
})

test('decisions take few bytes in all, however many scopes an API gives to everybody', () => {
  const decisions = new AccessDecisions()
  const common = names(1_000).map((name) => ({ name, common: true }))
  const apis = new ApiSet([apiWith(API, ...common), apiWith(OTHER, 'read')])
  const clients = list(1_000, (index) => clientOf({ scopes: [`own ${index}`] }))
  const before = bytesInUse()
  for (const client of clients) decisions.decide(client, { scope: undefined, targets: [API] }, apis)
  expect(bytesInUse() - before).toBeLessThan(32 * MB)
  for (const client of clients.slice(-10)) {
    const again = () => decisions.decide(client, { scope: undefined, targets: [API] }, apis)
    expect(again().scopes).toHaveLength(1_000)
    expect(again().scopes).toBe(again().scopes)
  }
})
