import { describe, expect, test } from 'vitest'
import type { Api } from '../../src/model/api.ts'
import { ApiSet } from '../../src/model/api-set.ts'
import type { Client } from '../../src/model/client.ts'
import { Audience, ClientId } from '../../src/oauth/ids.ts'
import { AccessDecisions, type RequestedAccess } from '../../src/policy/entitlement.ts'
import { apiWith, clientOf, grantAt } from '../harness/access-records.ts'

const ORDERS = 'https://orders.example.com'
const STOCK = 'https://stock.example.com'
const LOST = 'https://lost.example.com'

const asked = (scope?: string, ...targets: string[]): RequestedAccess => ({ scope: scope?.split(' '), targets })

function decide(client: Client, request: RequestedAccess, apis: ApiSet) {
  const entitlement = new AccessDecisions().decide(client, request, apis)
  return { apis: entitlement.apis.map(({ audience }) => audience), scopes: entitlement.scopes }
}

/** As many APIs, each with a scope of its own. */
const manyApis = (count: number): readonly Api[] =>
  Array.from({ length: count }, (_, index) => apiWith(`https://${index}.example.com`, `s${index}`))

const scopesOf = (apis: readonly Api[]): readonly string[] =>
  apis.flatMap(({ scopes }) => scopes.map(({ name }) => name))

const refusedFor = (reason: string, detail: object = {}) =>
  expect.objectContaining({ name: 'Refusal', reason, detail: expect.objectContaining(detail) })

describe('the last decision about a client', () => {
  const apis = new ApiSet([apiWith(ORDERS, 'read', 'write'), apiWith(STOCK, 'count')])
  const client = clientOf({ scopes: ['read', 'write', 'count'] })

  /** Decides twice about the first request, then about the second. Returns the last two decisions. */
  function decideInTurn(first: RequestedAccess, second: RequestedAccess, later = apis) {
    const decisions = new AccessDecisions()
    decisions.decide(client, first, apis)
    return [decisions.decide(client, first, apis).apis, decisions.decide(client, second, later).apis] as const
  }

  test.each([
    ['scopes', asked('read write')],
    ['an API', asked(undefined, ORDERS)],
    ['an API and scopes', asked('read write', ORDERS)],
  ])('serves the same request again: %s', (_name, request) => {
    const [one, other] = decideInTurn(request, structuredClone(request))
    expect(other).toBe(one)
    expect(other).toEqual(new AccessDecisions().decide(client, request, apis).apis)
  })

  test.each([
    ['another scope', asked('read', ORDERS), asked('write', ORDERS)],
    ['a scope more', asked('read', ORDERS), asked('read write', ORDERS)],
    ['a scope less', asked('read write', ORDERS), asked('read', ORDERS)],
    ['no scope', asked('read write', ORDERS), asked(undefined, ORDERS)],
    ['a scope where there was none', asked(undefined, ORDERS), asked('read', ORDERS)],
    ['another API', asked(undefined, ORDERS), asked(undefined, STOCK)],
    ['no API', asked('read', ORDERS), asked('read')],
  ])('does not serve another request: %s', (_name, first, second) => {
    const [one, other] = decideInTurn(first, second)
    expect(other).not.toBe(one)
    expect(other).toEqual(new AccessDecisions().decide(client, second, apis).apis)
  })

  test('does not outlive a change of an API', () => {
    const [one, other] = decideInTurn(asked('read'), asked('read'), new ApiSet([apiWith(ORDERS, 'read')]))
    expect(other).not.toBe(one)
  })

  test.each([
    [1_024, true],
    [1_025, false],
  ])('of %i characters of scopes and APIs is remembered: %s', (length, isRemembered) => {
    const scope = 's'.repeat(length - ORDERS.length)
    const audience = ORDERS.padEnd(length, '/')
    const long = new ApiSet([apiWith(ORDERS, scope), apiWith(audience, 'read')])
    const holder = clientOf({ scopes: [scope, 'read'] })
    for (const request of [asked(scope, ORDERS), asked(undefined, audience)]) {
      const decisions = new AccessDecisions()
      const again = () => decisions.decide(holder, request, long).apis
      again()
      const second = again()
      expect(again() === second).toBe(isRemembered)
    }
  })
})

describe('clients with the same scopes', () => {
  const apis = new ApiSet([
    apiWith(ORDERS, 'read', 'write', { name: 'ping', common: true }),
    apiWith(STOCK, 'read', 'count'),
  ])
  const scopes = ['read', 'write']
  const one = clientOf({ scopes, restrictScopes: true, grants: [grantAt(STOCK, 'count')] })

  test('and otherwise equal settings have one decision, each about itself', () => {
    const decisions = new AccessDecisions()
    const other = { ...one, id: ClientId('other'), name: 'Other' }
    const [, first, second] = [one, one, other].map((client) => decisions.decide(client, asked('read', ORDERS), apis))
    expect(second?.apis).toBe(first?.apis)
    expect(second).toEqual({ ...first, client: other })
  })

  test.each<[string, Partial<Client>]>([
    ['scopes', { scopes: ['read'] }],
    ['grants', { grants: [grantAt(ORDERS, 'count')] }],
    ['no grants', { grants: [] }],
    ['a restriction', { restrictScopes: false }],
    ['default scopes', { defaultScopes: ['write'] }],
    ['a default API', { defaultApi: Audience(ORDERS) }],
  ])('and others of %s have decisions of their own, whoever asks first', (_name, fields) => {
    const other = { ...one, ...fields }
    const requests = [asked(), asked('read'), asked('write'), asked('count'), asked('ping', ORDERS), asked('', STOCK)]
    const outcome = (decisions: AccessDecisions, client: Client, request: RequestedAccess) => {
      try {
        return decisions.decide(client, request, apis)
      } catch (error) {
        return error
      }
    }
    for (const pair of [
      [one, other],
      [other, one],
    ]) {
      const decisions = new AccessDecisions()
      for (const request of requests)
        for (const client of pair)
          expect(outcome(decisions, client, request)).toEqual(outcome(new AccessDecisions(), client, request))
    }
  })

  test('have four decisions at most, the last ones', () => {
    const decisions = new AccessDecisions()
    const wide = clientOf({ scopes: scopesOf(manyApis(5)) })
    const many = new ApiSet(manyApis(5))
    const apisOf = (index: number) => decisions.decide(wide, asked(`s${index}`), many).apis
    // The first answer is not the one that is remembered.
    const [, first] = [apisOf(0), apisOf(0)]
    const [, last, again] = [1, 2, 3].map(() => [1, 2, 3, 4].map(apisOf))
    expect(again?.every((each, index) => each === last?.[index])).toBe(true)
    expect([apisOf(0), apisOf(0)]).not.toContain(first)
  })
})

describe('a record of an API that can’t be read', () => {
  const lost = { kind: 'api' as const, id: LOST, problem: 'broken' }
  const apis = new ApiSet([apiWith(ORDERS, 'read', { name: 'ping', common: true })], [lost])
  const unreadable = expect.objectContaining({
    name: 'RecordUnreadable',
    detail: { record: `api ${LOST}`, problem: 'broken' },
  })

  test.each<[string, Partial<Client>, RequestedAccess]>([
    ['the request names it', { scopes: ['read'] }, asked('read', LOST)],
    ['the request names it in another spelling', { scopes: ['read'] }, asked('read', `${LOST}/`)],
    ['the request names it and another', { scopes: ['read'] }, asked('read', ORDERS, LOST)],
    ['no other API has a requested scope of the client', { scopes: ['read', 'gone'] }, asked('read gone')],
    ['a grant gives a requested scope there', { grants: [grantAt(LOST, 'gone')] }, asked('more gone')],
    ['a grant for another spelling gives it', { grants: [grantAt(`${LOST}/`, 'gone')] }, asked('gone')],
    [
      'no scope is requested, and a grant gives one there',
      { grants: [grantAt(LOST, 'gone')], restrictScopes: true },
      asked(),
    ],
    ['no scope is requested, and only it may have the client’s', { scopes: ['gone'], restrictScopes: true }, asked()],
    ['it is the default API', { scopes: ['read'], defaultApi: Audience(LOST) }, asked('read')],
    ['it is the default API, in another spelling', { scopes: ['read'], defaultApi: Audience(`${LOST}/`) }, asked()],
  ])('makes the answer unknown: %s', (_name, fields, request) => {
    expect(() => decide(clientOf(fields), request, apis)).toThrow(unreadable)
  })

  test.each<[string, Partial<Client>, RequestedAccess, string]>([
    ['the request names another API', { scopes: ['gone'] }, asked('gone', ORDERS), 'scope_not_allowed'],
    ['the client was not given the scope', { scopes: ['read'] }, asked('gone'), 'scope_not_allowed'],
    ['another API has the client’s scope', { scopes: ['read'] }, asked('read gone'), 'scope_not_allowed'],
    ['a grant there gives another scope', { grants: [grantAt(LOST, 'other')] }, asked('gone'), 'scope_not_allowed'],
    ['the grant is for another API', { grants: [grantAt(STOCK, 'gone')] }, asked('gone'), 'scope_not_allowed'],
    ['no scope is requested, and the client has none', { restrictScopes: true }, asked(), 'no_scope'],
    ['a grant there is empty', { grants: [grantAt(LOST)], restrictScopes: true }, asked(), 'no_scope'],
  ])('leaves a refusal as it is: %s', (_name, fields, request, reason) => {
    expect(() => decide(clientOf(fields), request, apis)).toThrow(refusedFor(reason))
  })

  test('leaves a request for another API alone', () => {
    expect(decide(clientOf({ scopes: ['read', 'gone'] }), asked('read'), apis)).toEqual({
      apis: [ORDERS],
      scopes: ['read'],
    })
  })
})

describe('the APIs of a token', () => {
  test.each<[string, Partial<Client>, RequestedAccess, string[], string[]]>([
    ['named twice count once', { scopes: ['read'] }, asked('read', ORDERS, `${ORDERS}/`), [ORDERS], ['read']],
    [
      'the one that grants all scopes comes before others that grant some',
      { scopes: ['read', 'write'] },
      asked('read write'),
      [ORDERS],
      ['read', 'write'],
    ],
    [
      'each that is needed, if one grants most of the scopes',
      { scopes: ['count', 'move', 'write'] },
      asked('count move write'),
      [STOCK, ORDERS],
      ['count', 'move', 'write'],
    ],
    [
      'each that grants one of the scopes',
      { scopes: ['write', 'count'] },
      asked('write count'),
      [ORDERS, STOCK],
      ['write', 'count'],
    ],
    ['each of two scopes of one', { scopes: ['count', 'move'] }, asked('count move'), [STOCK], ['count', 'move']],
    [
      'those of the default scopes',
      { scopes: ['read', 'write'], defaultScopes: ['write'] },
      asked(),
      [ORDERS],
      ['write'],
    ],
    [
      'the only one at which the client was given something',
      { scopes: ['count'] },
      asked(),
      [STOCK],
      ['ping', 'count'],
    ],
    [
      'the only one of a grant',
      { grants: [grantAt(ORDERS, 'write')], restrictScopes: true },
      asked(),
      [ORDERS],
      ['write'],
    ],
    ['the default API', { scopes: ['read'], defaultApi: Audience(STOCK) }, asked('read'), [STOCK], ['read']],
    [
      'another than the default API, which does not grant all',
      { scopes: ['read', 'write'], defaultApi: Audience(STOCK) },
      asked('read write'),
      [ORDERS],
      ['read', 'write'],
    ],
    [
      'any, if the default API is gone',
      { scopes: ['write'], defaultApi: Audience(LOST) },
      asked(),
      [ORDERS],
      ['write'],
    ],
  ])('%s', (_name, fields, request, audiences, scopes) => {
    const apis = new ApiSet([
      apiWith(ORDERS, 'read', 'write'),
      apiWith(STOCK, 'read', { name: 'ping', common: true }, 'count', 'move'),
    ])
    expect(decide(clientOf(fields), request, apis)).toEqual({ apis: audiences, scopes })
  })

  test.each<[string, Partial<Client>, RequestedAccess]>([
    ['two that grant the scope', { scopes: ['read'] }, asked('read')],
    ['two that grant both scopes', { scopes: ['read', 'write'] }, asked('read write')],
    ['two for one of the scopes, and a third for the other', { scopes: ['read', 'count'] }, asked('count read')],
    ['two at which the client was given something', { scopes: ['read', 'count'] }, asked()],
    ['two for a default scope', { scopes: ['read'], defaultScopes: ['read'] }, asked()],
  ])('are not guessed: %s', (_name, fields, request) => {
    const apis = new ApiSet([apiWith(ORDERS, 'read', 'write'), apiWith(STOCK, 'read', 'write'), apiWith(LOST, 'count')])
    const candidates = expect.arrayContaining([ORDERS, STOCK])
    const refusal = refusedFor('ambiguous_target', { candidates })
    expect(() => decide(clientOf(fields), request, apis)).toThrow(refusal)
    expect(() => decide(clientOf(fields), request, apis)).toThrow(
      expect.objectContaining({ description: expect.stringContaining(`${ORDERS} ${STOCK}`) }),
    )
  })

  test('that are named by no request: the scopes that no API grants are refused before APIs are told apart', () => {
    const apis = new ApiSet([apiWith(ORDERS, 'read'), apiWith(STOCK, 'read')])
    expect(() => decide(clientOf({ scopes: ['read'] }), asked('read gone'), apis)).toThrow(
      refusedFor('scope_not_allowed', { refused: ['gone'] }),
    )
  })

  test('are ten at most, by name and by scope', () => {
    for (const [count, isGranted] of [
      [10, true],
      [11, false],
    ] as const) {
      const many = manyApis(count)
      const client = clientOf({ scopes: scopesOf(many) })
      const requests = [asked(scopesOf(many).join(' ')), asked(undefined, ...many.map(({ audience }) => audience))]
      for (const request of requests) {
        const ask = () => decide(client, request, new ApiSet(many))
        if (isGranted) expect(ask()).toEqual({ apis: many.map(({ audience }) => audience), scopes: scopesOf(many) })
        else expect(ask).toThrow(refusedFor('too_many_targets'))
      }
    }
  })

  test.each<[string, string]>([
    ['that does not exist', LOST],
    ['at which the client has no scope', STOCK],
  ])('are refused alike: an API %s', (_name, target) => {
    const apis = new ApiSet([apiWith(ORDERS, 'read'), apiWith(STOCK, 'count')])
    expect(() => decide(clientOf({ scopes: ['read'] }), asked(undefined, ORDERS, target), apis)).toThrow(
      refusedFor('unknown_target', { target }),
    )
  })
})

describe('a value of a dynamic scope', () => {
  const apis = new ApiSet([
    apiWith(ORDERS, 'lot:*', { name: 'ping', common: true }),
    apiWith(STOCK, { name: 'count', common: true }),
  ])

  test('opens its API to a restricted client', () => {
    const client = clientOf({ scopes: ['lot:7'], restrictScopes: true })
    expect(decide(client, asked('lot:7', ORDERS), apis)).toEqual({ apis: [ORDERS], scopes: ['lot:7'] })
  })

  test('makes its API the one for a request that names none', () => {
    expect(decide(clientOf({ scopes: ['lot:7'] }), asked(), apis)).toEqual({ apis: [ORDERS], scopes: ['ping'] })
  })
})

describe('a token for several APIs without a requested scope', () => {
  const apis = new ApiSet([apiWith(ORDERS, 'admin', 'read'), apiWith(STOCK, 'read')])
  const grants = [
    { api: Audience(ORDERS), scopes: ['admin', 'read'], defaultScopes: ['admin'] },
    grantAt(STOCK, 'read'),
  ]

  test('has a scope that is no default at one of them, but might be had there', () => {
    expect(decide(clientOf({ grants }), asked(undefined, ORDERS, STOCK), apis)).toEqual({
      apis: [ORDERS, STOCK],
      scopes: ['admin', 'read'],
    })
  })
})

describe('the audit log of a refusal', () => {
  const apis = new ApiSet([apiWith(ORDERS, 'read')])
  const client = clientOf({ scopes: ['read'] })
  const unknown = Array.from({ length: 21 }, (_, index) => `x${index}`)

  test.each([
    ['at an API', asked(['read', ...unknown].join(' '), ORDERS)],
    ['without an API', asked(['read', ...unknown].join(' '))],
  ])('has the first twenty scopes that were refused %s', (_name, request) => {
    expect(() => decide(client, request, apis)).toThrow(
      refusedFor('scope_not_allowed', { refused: unknown.slice(0, 20) }),
    )
  })

  test('has the first 256 characters of an unknown target', () => {
    const target = `https://${'x'.repeat(300)}`
    expect(() => decide(client, asked('read', target), apis)).toThrow(
      refusedFor('unknown_target', { target: target.slice(0, 256) }),
    )
  })

  test('has every API that grants a scope which another refuses; the answer names three', () => {
    const granting = Array.from({ length: 4 }, (_, index) =>
      apiWith(`https://${index}.example.com`, { name: 'admin', common: true }),
    )
    const all = new ApiSet([...granting, apiWith(ORDERS, 'admin', { name: 'ping', common: true })])
    const audiences = granting.map(({ audience }) => audience)
    const ask = () => decide(clientOf({}), asked('admin ping', ...audiences, ORDERS), all)
    expect(ask).toThrow(
      refusedFor('scope_of_other_target', { scope: 'admin', not_granted_at: ORDERS, granted_at: audiences }),
    )
    const description = `admin is granted at ${audiences.slice(0, 3).join(' ')} and not at ${ORDERS}: send a request for each API, with resource`
    expect(ask).toThrow(expect.objectContaining({ description }))
  })
})
