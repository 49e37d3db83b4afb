import { describe, expect, test } from 'vitest'
import { ClientId, Jti } from '../../src/oauth/ids.ts'
import { buildClaims, isReservedClaim, scopeOf, tokenTypeOf } from '../../src/tokens/claims.ts'
import { resolveProfile } from '../../src/tokens/profile.ts'
import { apiWith, clientOf } from '../harness/access-records.ts'

const ORDERS = apiWith('https://orders.example.com', 'read')
const STOCK = apiWith('https://stock.example.com', 'read')
const ISSUED = { iss: 'https://as.example.com', iat: 1_800_000_000, jti: Jti('j'), cnf: undefined }
const identity = { sub: 'client', client_id: ClientId('client'), aud: ORDERS.audience, exp: ISSUED.iat + 300 }
const entitlement = { client: clientOf({}), apis: [ORDERS], scopes: ['read', 'write'] }

describe('the claims of a token', () => {
  test('are those of RFC 9068 and nothing else', () => {
    expect(buildClaims(entitlement, resolveProfile({}), 300, ISSUED)).toEqual({
      iss: ISSUED.iss,
      sub: 'client',
      aud: 'https://orders.example.com',
      client_id: 'client',
      iat: 1_800_000_000,
      exp: 1_800_000_300,
      jti: 'j',
      scope: 'read write',
    })
  })

  test('name all APIs, the subject that was set, and the key that the token is bound to', () => {
    const several = { ...entitlement, client: clientOf({ subject: 'robot' }), apis: [ORDERS, STOCK] }
    expect(buildClaims(several, resolveProfile({}), 300, { ...ISSUED, cnf: { jkt: 't' } })).toMatchObject({
      sub: 'robot',
      client_id: 'client',
      aud: ['https://orders.example.com', 'https://stock.example.com'],
      cnf: { jkt: 't' },
    })
  })

  test.each([
    [['scope'], { scope: 'read write' }],
    [['scp'], { scp: ['read', 'write'] }],
    [['scope', 'scp'], { scope: 'read write', scp: ['read', 'write'] }],
  ] as const)('have the scopes as the API wants them: %s', (scopeClaims, expected) => {
    const { scope, scp } = buildClaims(entitlement, resolveProfile({ scopeClaims }), 300, ISSUED)
    expect({ scope, scp }).toEqual({ scope: undefined, scp: undefined, ...expected })
  })

  test('take one that several set from the client’s settings, then from its fields, then from the API', () => {
    const client = clientOf({ name: 'field', token: { claims: { a: 'client' } } })
    const settings = { claims: { a: 'api', b: 'api', c: 'api' }, clientClaims: { a: 'name', b: 'name' } }
    const claims = buildClaims({ ...entitlement, client }, resolveProfile(settings), 300, ISSUED)
    expect(claims).toMatchObject({ a: 'client', b: 'field', c: 'api' })
  })

  test('growing-things: that come from a large entry of the client are refused before they become JSON', () => {
    const entries = Array.from({ length: 4_000 }, (_, at) => [`c${at}`, 'metadata.entry'])
    const profile = resolveProfile({ clientClaims: Object.fromEntries(entries) })
    const build = (entry: unknown) =>
      buildClaims({ ...entitlement, client: clientOf({ metadata: { entry } }) }, profile, 300, ISSUED)
    // The JSON of 4,000 entries would be longer than any text can be.
    for (const large of ['x'.repeat(200_000), Array(100_000).fill(1), { a: { b: ['x'.repeat(200_000)] } }])
      expect(() => build(large)).toThrow(expect.objectContaining({ reason: 'token_too_large' }))
    const one = resolveProfile({ clientClaims: { c: 'metadata.entry' } })
    const fits = Array(7_000).fill(1)
    const client = clientOf({ metadata: { entry: fits } })
    expect(buildClaims({ ...entitlement, client }, one, 300, ISSUED)).toMatchObject({ c: fits })
  })

  test('that the server sets can’t be replaced', () => {
    const own = buildClaims(entitlement, resolveProfile({}), 300, ISSUED)
    const forged = Object.fromEntries(Object.keys(own).map((name) => [name, 'forged']))
    const client = clientOf({ token: { claims: forged } })
    const profile = resolveProfile({ claims: forged })
    expect(buildClaims({ ...entitlement, client }, profile, 300, ISSUED)).toEqual(own)
  })

  test('need an API', () => {
    const none = { ...entitlement, apis: [] }
    expect(() => buildClaims(none, resolveProfile({}), 300, ISSUED)).toThrow('at least one API')
  })
})

test('neither a client nor an API may set a claim that verifiers act on', () => {
  const registered = 'iss sub aud exp nbf iat jti client_id azp scope scp cnf act may_act auth_time acr amr'
  const others = 'authorization_details typ active token_type username sid events'
  for (const name of `${registered} ${others}`.split(' ')) expect([name, isReservedClaim(name)]).toEqual([name, true])
  for (const name of ['roles', 'tenant', 'Sub', '']) expect([name, isReservedClaim(name)]).toEqual([name, false])
})

test.each([
  [{ scope: 'read write' }, 'read write'],
  [{ scp: ['read', 'write'] }, 'read write'],
  [{ scope: 'read', scp: ['read'] }, 'read'],
  [{}, ''],
])('the scopes of a token with %o', (claims, expected) => {
  expect(scopeOf({ ...ISSUED, ...claims, ...identity })).toBe(expected)
})

test.each([
  [undefined, 'Bearer'],
  [{ jkt: 't' }, 'DPoP'],
  [{ 'x5t#S256': 't' }, 'Bearer'],
] as const)('the type of a token bound to %o is %s', (cnf, type) => {
  expect(tokenTypeOf({ ...ISSUED, ...identity, cnf })).toBe(type)
})
