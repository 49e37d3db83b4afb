import { describe, expect, test } from 'vitest'
import { checkAssertion } from '../../../src/client-auth/assertions/claims.ts'
import { parseAssertion } from '../../../src/client-auth/assertions/parse.ts'
import { unsigned } from '../../harness/tokens.ts'

const ISSUER = 'https://as.example.com'
const ENDPOINT = `${ISSUER}/as/token.oauth2`
/** Seconds. */
const NOW = 1_800_000_000
const CLAIMS = { iss: 'reporter', sub: 'reporter', aud: ISSUER, jti: 'j', exp: NOW + 300 }
const RULES = {
  issuer: ISSUER,
  tokenEndpoints: [ENDPOINT],
  isCompatible: false,
  audienceForm: 'any',
  maxLifetime: 3600,
  now: NOW * 1000 + 999,
} as const
const COMPATIBLE = { isCompatible: true }
const STRING = { audienceForm: 'string' } as const

const check = (claims: object, header: object = {}, rules: Partial<Parameters<typeof checkAssertion>[1]> = {}) =>
  checkAssertion(parseAssertion(unsigned({ alg: 'ES256', ...header }, claims)), { ...RULES, ...rules })

const without = (name: keyof typeof CLAIMS) =>
  Object.fromEntries(Object.entries(CLAIMS).filter(([claim]) => claim !== name))

test('the claims of an assertion', () => {
  expect(check(CLAIMS)).toEqual({ jti: 'j', expiresAt: (NOW + 361) * 1000 })
})

describe('accepted', () => {
  const accepted: [string, object, object?, object?][] = [
    ['assertion-audience: the issuer in an array of one', { aud: [ISSUER] }],
    ['assertion-audience: the token endpoint, if the client may use it', { aud: ENDPOINT }, {}, COMPATIBLE],
    ['assertion-audience: the issuer, although the token endpoint is allowed too', {}, {}, COMPATIBLE],
    ['assertion-audience: both, as openid-client 5 sends them', { aud: [ISSUER, ENDPOINT] }, {}, COMPATIBLE],
    ['assertion-audience: both, in the other order', { aud: [ENDPOINT, ISSUER] }, {}, COMPATIBLE],
    ['assertion-audience: the issuer with a slash, if the endpoint is allowed', { aud: `${ISSUER}/` }, {}, COMPATIBLE],
    [
      'assertion-audience: the default port, if the endpoint is allowed',
      { aud: ENDPOINT.replace('.com', '.COM:443') },
      {},
      COMPATIBLE,
    ],
    ['assertion-audience: a string, if only a string is allowed', {}, {}, STRING],
    ['clock-skew: iat 8 s ahead', { iat: NOW + 8 }],
    ['clock-skew: nbf 8 s ahead', { nbf: NOW + 8 }],
    ['clock-skew: iat and nbf 60 s ahead', { iat: NOW + 60, nbf: NOW + 60 }],
    ['iat long ago', { iat: NOW - 86_400 }],
    ['exp 60 s ago', { exp: NOW - 60 }],
    ['exp at the largest allowed distance', { exp: NOW + 3660 }],
    ['exp with a fraction', { exp: NOW + 0.5 }],
    ['hostile-jti: a huge jti', { jti: 'j'.repeat(8_000) }],
    ['an id of 256 characters', { iss: 'a'.repeat(256), sub: 'a'.repeat(256) }],
    ['typ JWT', {}, { typ: 'JWT' }],
    ['typ jwt', {}, { typ: 'jwt' }],
    ['typ application/jwt', {}, { typ: 'application/jwt' }],
    ['typ client-authentication+jwt', {}, { typ: 'client-authentication+jwt' }],
    ['typ Application/Client-Authentication+JWT', {}, { typ: 'Application/Client-Authentication+JWT' }],
    ['other claims', { scope: 'all', client_id: 'other', azp: 1 }],
  ]
  test.each(accepted)('%s', (_name, claims, header, rules) => {
    expect(() => check({ ...CLAIMS, ...claims }, header, rules)).not.toThrow()
  })
})

describe('refused, with the same answer', () => {
  const refused: [string, string, object, object, object?][] = [
    [
      'assertion-audience: the token endpoint',
      'assertion_audience',
      { aud: ENDPOINT },
      { expected: [ISSUER], received: ENDPOINT },
    ],
    [
      'assertion-audience: the issuer and another',
      'assertion_audience',
      { aud: [ISSUER, 'https://other.example'] },
      { received: `["${ISSUER}","https://other.example"]` },
    ],
    ['assertion-audience: the issuer twice', 'assertion_audience', { aud: [ISSUER, ISSUER] }, { expected: [ISSUER] }],
    [
      'assertion-audience: another issuer',
      'assertion_audience',
      { aud: 'https://other.example' },
      { received: 'https://other.example' },
    ],
    [
      'assertion-audience: the issuer with a slash',
      'assertion_audience',
      { aud: `${ISSUER}/` },
      { received: `${ISSUER}/` },
    ],
    [
      'assertion-audience: the issuer in capitals',
      'assertion_audience',
      { aud: ISSUER.toUpperCase() },
      { expected: [ISSUER] },
    ],
    ['assertion-audience: a number', 'assertion_audience', { aud: 1 }, { received: '1' }],
    [
      'assertion-audience: a number, if the endpoint is allowed',
      'assertion_audience',
      { aud: 1 },
      { received: '1' },
      COMPATIBLE,
    ],
    [
      'assertion-audience: the issuer and a number, if the endpoint is allowed',
      'assertion_audience',
      { aud: [ISSUER, 1] },
      { received: `["${ISSUER}",1]` },
      COMPATIBLE,
    ],
    ['assertion-audience: null', 'assertion_audience', { aud: null }, { received: 'null' }],
    ['assertion-audience: an empty array', 'assertion_audience', { aud: [] }, { received: '[]' }],
    [
      'assertion-audience: an array in an array',
      'assertion_audience',
      { aud: [[ISSUER]] },
      { received: `[["${ISSUER}"]]` },
    ],
    ['assertion-audience: no aud', 'assertion_audience', without('aud'), { received: '(none)' }],
    [
      'assertion-audience: issuer and endpoint, if the endpoint is not allowed',
      'assertion_audience',
      { aud: [ISSUER, ENDPOINT] },
      { expected: [ISSUER], remedy: expect.stringContaining('assertion_audience: compatible') },
    ],
    [
      'assertion-audience: the issuer and another, if the endpoint is allowed',
      'assertion_audience',
      { aud: [ISSUER, 'https://other.example'] },
      { expected: [ISSUER, ENDPOINT] },
      COMPATIBLE,
    ],
    [
      'assertion-audience: three of our values',
      'assertion_audience',
      { aud: [ISSUER, ENDPOINT, ISSUER] },
      {},
      COMPATIBLE,
    ],
    [
      'assertion-audience: an empty array, if the endpoint is allowed',
      'assertion_audience',
      { aud: [] },
      {},
      COMPATIBLE,
    ],
    [
      'assertion-audience: an array of one, if only a string is allowed',
      'assertion_audience',
      { aud: [ISSUER] },
      { expected: [ISSUER], remedy: expect.stringContaining('assertions.audience') },
      STRING,
    ],
    [
      'assertion-audience: both, if only a string is allowed',
      'assertion_audience',
      { aud: [ISSUER, ENDPOINT] },
      {},
      { ...COMPATIBLE, ...STRING },
    ],
    ['assertion-claims: iss is not sub', 'assertion_subject', { iss: 'auditor' }, { iss: 'auditor', sub: 'reporter' }],
    ['assertion-claims: iss is sub in another case', 'assertion_subject', { iss: 'Reporter' }, { iss: 'Reporter' }],
    ['assertion-claims: no iss', 'assertion_claims', without('iss'), { claim: 'iss', received: '(none)' }],
    ['assertion-claims: no sub', 'assertion_claims', without('sub'), { claim: 'sub', received: '(none)' }],
    ['assertion-claims: no jti', 'assertion_claims', without('jti'), { claim: 'jti', received: '(none)' }],
    ['assertion-claims: an empty jti', 'assertion_claims', { jti: '' }, { claim: 'jti', received: '' }],
    ['assertion-claims: a jti that is a number', 'assertion_claims', { jti: 7 }, { claim: 'jti', received: '7' }],
    ['assertion-claims: iss and sub empty', 'assertion_claims', { iss: '', sub: '' }, { claim: 'iss' }],
    [
      'assertion-claims: iss and sub the same array',
      'assertion_claims',
      { iss: ['reporter'], sub: ['reporter'] },
      { claim: 'iss' },
    ],
    [
      'assertion-claims: iss and sub of 257 characters',
      'assertion_claims',
      { iss: 'a'.repeat(257), sub: 'a'.repeat(257) },
      { claim: 'iss', received: `${'a'.repeat(255)}…` },
    ],
    ['assertion-claims: no exp', 'assertion_claims', without('exp'), { claim: 'exp', received: '(none)' }],
    [
      'assertion-claims: exp a string',
      'assertion_claims',
      { exp: String(NOW + 300) },
      { claim: 'exp', received: String(NOW + 300) },
    ],
    ['assertion-claims: exp null', 'assertion_claims', { exp: null }, { claim: 'exp', received: 'null' }],
    ['assertion-claims: exp negative', 'assertion_claims', { exp: -1 }, { claim: 'exp', received: '-1' }],
    ['assertion-claims: exp zero', 'assertion_claims', { exp: 0 }, { claim: 'exp', received: '0' }],
    [
      'assertion-claims: exp years away',
      'assertion_too_long_lived',
      { exp: NOW + 1e8 },
      { seconds_ahead: 1e8, allowed: 3660 },
    ],
    ['assertion-claims: exp in milliseconds', 'assertion_too_long_lived', { exp: NOW * 1000 }, { allowed: 3660 }],
    ['exp a second too far', 'assertion_too_long_lived', { exp: NOW + 3661 }, { seconds_ahead: 3661, allowed: 3660 }],
    [
      'exp beyond a shorter limit',
      'assertion_too_long_lived',
      { exp: NOW + 121 },
      { allowed: 120 },
      { maxLifetime: 60 },
    ],
    [
      'exp 61 s ago',
      'assertion_expired',
      { exp: NOW - 61, iat: NOW - 99 },
      { seconds_late: 61, now: NOW, iat: NOW - 99 },
    ],
    [
      'clock-skew: iat 61 s ahead',
      'assertion_not_yet_valid',
      { iat: NOW + 61 },
      { claim: 'iat', seconds_ahead: 61, now: NOW },
    ],
    [
      'clock-skew: nbf 61 s ahead',
      'assertion_not_yet_valid',
      { nbf: NOW + 61 },
      { claim: 'nbf', seconds_ahead: 61, now: NOW },
    ],
    ['iat a string', 'assertion_claims', { iat: String(NOW) }, { claim: 'iat' }],
    ['nbf null', 'assertion_claims', { nbf: null }, { claim: 'nbf' }],
  ]
  test.each(refused)('%s', (_name, reason, claims, detail, rules) => {
    // Rows that leave a claim out are complete. All others change a claim of a good assertion.
    const isComplete = Object.keys(claims).length === Object.keys(CLAIMS).length - 1
    expect(() => check(isComplete ? claims : { ...CLAIMS, ...claims }, {}, rules)).toThrow(
      expect.objectContaining({ name: 'Refusal', reason, status: 401, detail: expect.objectContaining(detail) }),
    )
  })

  test.each([
    ['iss', 'the client_id, of at most 256 characters'],
    ['sub', 'the client_id, of at most 256 characters'],
    ['jti', 'a string that no other assertion has'],
    ['exp', 'seconds since 1970, as a number'],
    ['iat', 'seconds since 1970, as a number'],
    ['nbf', 'seconds since 1970, as a number'],
  ])('a wrong %s, and an administrator reads what it must be: %s', (claim, expected) => {
    expect(() => check({ ...CLAIMS, [claim]: {} })).toThrow(
      expect.objectContaining({ reason: 'assertion_claims', detail: { claim, expected, received: '{}' } }),
    )
  })

  test('assertion-claims: exp is 1e400', () => {
    const claims = JSON.stringify({ ...CLAIMS, exp: 1 }).replace('"exp":1', '"exp":1e400')
    const token = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from(claims).toString('base64url')}.AAAA`
    expect(() => checkAssertion(parseAssertion(token), RULES)).toThrow(
      expect.objectContaining({ reason: 'assertion_claims', detail: expect.objectContaining({ claim: 'exp' }) }),
    )
  })

  test.each([
    ['confused-token-type: an access token', 'at+jwt'],
    ['confused-token-type: an access token, in full', 'application/at+jwt'],
    ['confused-token-type: a DPoP proof', 'dpop+jwt'],
    ['confused-token-type: an introspection', 'token-introspection+jwt'],
    ['confused-token-type: a logout token', 'logout+jwt'],
    ['nothing', ''],
    ['another top-level type', 'text/jwt'],
  ])('%s: typ %s', (_name, typ) => {
    expect(() => check(CLAIMS, { typ })).toThrow(
      expect.objectContaining({
        reason: 'assertion_typ',
        status: 401,
        detail: { expected: ['jwt', 'client-authentication+jwt'], received: typ },
      }),
    )
  })

  test('confused-token-type: an ID token, whose typ is JWT, names another subject than its issuer', () => {
    const claims = { iss: ISSUER, sub: 'reporter', aud: 'reporter', exp: NOW + 300, iat: NOW, jti: 'j' }
    expect(() => check(claims, { typ: 'JWT' })).toThrow(expect.objectContaining({ reason: 'assertion_subject' }))
  })
})

test.each([
  ['whole seconds', NOW + 300],
  ['a fraction', NOW + 300.5],
  ['just below a second', NOW + 300.999],
])('a jti is remembered for exactly as long as the assertion is accepted: exp of %s', (_name, exp) => {
  const { expiresAt } = check({ ...CLAIMS, exp })
  expect(() => check({ ...CLAIMS, exp }, {}, { now: expiresAt - 1 })).not.toThrow()
  expect(() => check({ ...CLAIMS, exp }, {}, { now: expiresAt })).toThrow(
    expect.objectContaining({ reason: 'assertion_expired' }),
  )
})
