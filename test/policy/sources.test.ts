import { describe, expect, test } from 'vitest'
import type { Api } from '../../src/model/api.ts'
import { ApiSet } from '../../src/model/api-set.ts'
import type { Client } from '../../src/model/client.ts'
import { heldAt } from '../../src/policy/held.ts'
import { commonScopeFor, giverOf, sourcesOf } from '../../src/policy/sources.ts'
import { apiWith, clientOf, grantAt } from '../harness/access-records.ts'

const ORDERS = 'https://orders.example.com'
const STOCK = 'https://stock.example.com'

const orders: Api = apiWith(
  ORDERS,
  'read',
  'write',
  { name: 'all', includes: ['read', 'write'] },
  { name: 'ping', common: true },
  { name: 'health' },
  { name: 'base', common: true, includes: ['health'] },
  'lot:*',
  { name: 'day:*', common: true },
)
const byGrantOnly: Api = { ...orders, byGrantOnly: true }

const A_GRANT = `a grant gives it at ${ORDERS}`
const EVERYWHERE = 'scopes of the client gives it at every API'
const COMMON = `it is common to all clients of ${ORDERS}`

describe('the settings that give a client a scope, and how it counts', () => {
  test.each<[string, string, Partial<Client>, string[], string, Api?]>([
    ['a grant', 'read', { grants: [grantAt(ORDERS, 'read')] }, [A_GRANT], 'own'],
    ['a grant for another spelling', 'read', { grants: [grantAt(`${ORDERS}/`, 'read')] }, [A_GRANT], 'own'],
    ['a grant of a group', 'read', { grants: [grantAt(ORDERS, 'write', 'all')] }, [`${A_GRANT} as all`], 'group'],
    ['the client’s scopes', 'read', { scopes: ['write', 'read'] }, [EVERYWHERE], 'own'],
    ['a group among them', 'read', { scopes: ['all'] }, [`${EVERYWHERE} as all`], 'group'],
    ['a pattern among them', 'lot:7', { scopes: ['lot:*'] }, [`${EVERYWHERE} as lot:*`], 'own'],
    ['that it is common', 'ping', {}, [COMMON], 'common'],
    ['that a group of it is common', 'health', {}, [`${COMMON} as base`], 'common'],
    ['that a pattern for it is common', 'day:1', {}, [`${COMMON} as day:*`], 'common'],
    [
      'a grant and the client’s scopes',
      'read',
      { grants: [grantAt(ORDERS, 'all')], scopes: ['read'] },
      [`${A_GRANT} as all`, EVERYWHERE],
      'own',
    ],
    [
      'a group, and that it is common',
      'health',
      { scopes: ['base'] },
      [`${EVERYWHERE} as base`, `${COMMON} as base`],
      'group',
    ],
    [
      'a grant, at an API by grants alone',
      'ping',
      { grants: [grantAt(ORDERS, 'ping')], scopes: ['ping'] },
      [A_GRANT],
      'own',
      byGrantOnly,
    ],
  ])('%s', (_name, scope, fields, texts, giver, api = orders) => {
    const client = clientOf(fields)
    expect(sourcesOf(scope, client, api)).toEqual(texts)
    expect(giverOf(scope, client, api)).toBe(giver)
  })

  test.each<[string, string, Partial<Client>, Api?]>([
    ['other scopes', 'read', { scopes: ['write', 'base'] }],
    ['a grant at another API', 'read', { grants: [grantAt(STOCK, 'read')] }],
    ['a common scope, for a restricted client', 'ping', { restrictScopes: true }],
    ['anything but a grant, at an API by grants alone', 'ping', { scopes: ['ping'] }, byGrantOnly],
  ])('not %s', (_name, scope, fields, api = orders) => {
    expect(sourcesOf(scope, clientOf(fields), api)).toEqual([])
  })
})

test('a group of which the client has each member counts as its own', () => {
  const client = clientOf({ scopes: ['read', 'write'] })
  expect(sourcesOf('all', client, orders)).toEqual([])
  expect(giverOf('all', client, orders)).toBe('own')
})

test.each([
  ['ping', orders, 'ping'],
  ['health', orders, 'base'],
  ['day:1', orders, 'day:*'],
  ['read', orders, undefined],
  ['lot:1', orders, undefined],
  ['ping', byGrantOnly, undefined],
])('the common scope for %s', (name, api, expected) => {
  expect(commonScopeFor(name, api)).toBe(expected)
})

describe('the scopes that a client holds at an API', () => {
  test.each<[string, Partial<Client>, string[], Api?]>([
    ['common ones and their members', {}, ['ping', 'health', 'base', 'day:*']],
    ['its own', { scopes: ['read'], restrictScopes: true }, ['read']],
    ['a group and its members', { scopes: ['all'], restrictScopes: true }, ['read', 'write', 'all']],
    [
      'a group of which it has each member',
      { scopes: ['read', 'write'], restrictScopes: true },
      ['read', 'write', 'all'],
    ],
    ['a pattern', { scopes: ['lot:*'], restrictScopes: true }, ['lot:*']],
    ['values of a pattern', { scopes: ['lot:1', 'lot:2'], restrictScopes: true }, ['lot:1', 'lot:2']],
    ['a value by a grant', { grants: [grantAt(ORDERS, 'lot:1')], restrictScopes: true }, ['lot:1']],
    [
      'a value by a grant for another spelling',
      { grants: [grantAt(`${ORDERS}/`, 'lot:1')], restrictScopes: true },
      ['lot:1'],
    ],
    ['no value by a grant at another API', { grants: [grantAt(STOCK, 'lot:1')], restrictScopes: true }, []],
    ['no value of no pattern', { scopes: ['pot:1'], restrictScopes: true }, []],
    [
      'nothing but grants, at an API by grants alone',
      { scopes: ['read', 'lot:1'], grants: [grantAt(ORDERS, 'write')] },
      ['write'],
      byGrantOnly,
    ],
  ])('%s', (_name, fields, expected, api = orders) => {
    expect([...heldAt(clientOf(fields), api, new ApiSet([api]))]).toEqual(expected)
  })
})
