import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findMatch } from '../../../src/client-auth/federation/find.ts'
import { explainMatch, presentedIssuers } from '../../../src/client-auth/federation/match.ts'
import { OutsideToken } from '../../../src/conditions/claims.ts'
import { Conditions } from '../../../src/conditions/conditions.ts'
import { type FederatedTrust, refuseUnsound } from '../../../src/model/credentials/federated-trust.ts'
import { Refusal } from '../../../src/oauth/refusal.ts'
import { UserError } from '../../../src/platform/user-error.ts'
import {
  AUDIENCE,
  aws,
  azure,
  gitHub,
  gitLab,
  google,
  kubernetes,
  NOW,
  spiffe,
} from '../../harness/condition-shapes.ts'

type Claims = Readonly<Record<string, unknown>>

const at = { now: NOW * 1000, conditions: new Conditions() }
const failedOf = (credential: FederatedTrust, claims: Claims) =>
  explainMatch(credential, new OutsideToken(claims), at).checks.filter(({ passed }) => !passed)

const forGitHub: FederatedTrust = {
  issuer: gitHub.iss,
  audience: AUDIENCE,
  subject: gitHub.sub,
  claims: { repository_owner_id: '65', ref: 'refs/heads/main' },
  when: 'claims.run_attempt in ["1", "2"] && claims.runner_environment == "github-hosted"',
  maxAge: 300,
}
const forSpiffe = {
  issuer: 'spiffe://prod.example',
  jwksUri: 'https://spire.example/keys',
  audience: AUDIENCE,
  subject: spiffe.sub,
}
const parse = (json: string): Claims => JSON.parse(json)

describe('tokens that match the credential', () => {
  const cases: [string, Claims, FederatedTrust][] = [
    ['GitHub Actions', gitHub, forGitHub],
    [
      'Kubernetes: one of several audiences',
      kubernetes,
      {
        issuer: kubernetes.iss,
        audience: ['https://other.example', AUDIENCE],
        subject: kubernetes.sub,
        when: 'claims["kubernetes.io"].namespace == "payments"',
      },
    ],
    ['GitLab', gitLab, { issuer: gitLab.iss, audience: AUDIENCE, claims: { project_id: '20', runner_id: 1 } }],
    [
      'Google',
      google,
      { issuer: google.iss, audience: AUDIENCE, claims: { email_verified: true, email: google.email } },
    ],
    ['Azure', azure, { issuer: azure.iss, audience: azure.aud, subject: azure.sub, claims: { tid: azure.tid } }],
    [
      'AWS',
      aws,
      {
        issuer: aws.iss,
        audience: AUDIENCE,
        when: 'claims["https://sts.amazonaws.com/"].aws_account == "123456789012"',
      },
    ],
    ['SPIFFE, without an issuer', spiffe, forSpiffe],
    ['SPIFFE, with an irrelevant issuer', { ...spiffe, iss: 'https://any.example' }, forSpiffe],
    [
      'SPIFFE, by the URL of its issuer',
      { ...spiffe, iss: 'https://spire.example' },
      { ...forSpiffe, issuer: 'https://spire.example' },
    ],
    ['a claim that is null', { ...google, hd: null }, { issuer: google.iss, audience: AUDIENCE, claims: { hd: null } }],
    [
      'a claim named __proto__',
      { ...google, ...parse('{"__proto__":"p"}') },
      { issuer: google.iss, audience: AUDIENCE, when: 'claims.__proto__ == "p"' },
    ],
  ]
  test.each(cases)('%s', (_name, claims, credential) => {
    expect(() => refuseUnsound(credential)).not.toThrow()
    expect(explainMatch(credential, new OutsideToken(claims), at)).toMatchObject({ matched: true })
    expect(findMatch([credential], new OutsideToken(claims), at)).toBe(credential)
  })

  test('every check is listed, in order', () => {
    expect(explainMatch(forGitHub, new OutsideToken(gitHub), at).checks.map(({ check }) => check)).toEqual([
      'issuer',
      'audience',
      'subject',
      'expiry',
      'not_before',
      'issued_at',
      'max_age',
      'claim repository_owner_id',
      'claim ref',
      'when',
    ])
  })
})

describe('foreign-federated-token: tokens that don’t match, each with the reason', () => {
  const cases: [string, Claims, FederatedTrust, object][] = [
    [
      'another issuer, the same subject',
      { ...gitHub, iss: 'https://github.evil.example' },
      forGitHub,
      { check: 'issuer', expected: gitHub.iss, received: 'https://github.evil.example' },
    ],
    ['an issuer that differs by a slash', { ...gitHub, iss: `${gitHub.iss}/` }, forGitHub, { check: 'issuer' }],
    ['an issuer of another case', { ...gitHub, iss: gitHub.iss.toUpperCase() }, forGitHub, { check: 'issuer' }],
    ['no issuer', { ...gitHub, iss: undefined }, forGitHub, { check: 'issuer', received: 'absent' }],
    ['a list of issuers', { ...gitHub, iss: [gitHub.iss] }, forGitHub, { check: 'issuer' }],
    [
      'another trust domain',
      { ...spiffe, sub: 'spiffe://test.example/ns/payments' },
      forSpiffe,
      { check: 'issuer', received: 'spiffe://test.example' },
    ],
    [
      'a trust domain that begins alike',
      { ...spiffe, sub: 'spiffe://prod.example.evil.example/a' },
      forSpiffe,
      { check: 'issuer' },
    ],
    [
      'a trust domain alone',
      { ...spiffe, sub: 'spiffe://prod.example' },
      forSpiffe,
      { check: 'issuer', received: 'absent' },
    ],
    [
      'another path of the trust domain',
      { ...spiffe, sub: 'spiffe://prod.example/ns/x' },
      forSpiffe,
      { check: 'subject' },
    ],
    [
      'the right issuer, another audience',
      { ...gitHub, aud: 'https://github.com/octo-org' },
      forGitHub,
      { check: 'audience', expected: AUDIENCE, received: 'https://github.com/octo-org' },
    ],
    ['an audience that begins alike', { ...gitHub, aud: `${AUDIENCE}.evil.example` }, forGitHub, { check: 'audience' }],
    [
      'several other audiences',
      { ...gitHub, aud: ['a', 'b'] },
      forGitHub,
      { check: 'audience', received: '["a","b"]' },
    ],
    ['no audience', { ...gitHub, aud: undefined }, forGitHub, { check: 'audience', received: 'absent' }],
    ['an audience in a list in a list', { ...gitHub, aud: [[AUDIENCE]] }, forGitHub, { check: 'audience' }],
    ['an empty list of audiences', { ...gitHub, aud: [] }, forGitHub, { check: 'audience', received: '[]' }],
    [
      'another subject',
      { ...gitHub, sub: 'repo:octo-org/octo-repo:ref:refs/heads/main' },
      forGitHub,
      { check: 'subject', expected: gitHub.sub, received: 'repo:octo-org/octo-repo:ref:refs/heads/main' },
    ],
    ['no subject', { ...gitHub, sub: undefined }, forGitHub, { check: 'subject', received: 'absent' }],
    [
      'expired 60 s ago',
      { ...gitHub, exp: NOW - 60 },
      forGitHub,
      { check: 'expiry', received: new Date((NOW - 60) * 1000).toISOString(), note: 'over by 60 s; 60 s are allowed' },
    ],
    ['without expiry', { ...gitHub, exp: undefined }, forGitHub, { check: 'expiry', received: 'absent' }],
    ['expiry as text', { ...gitHub, exp: String(NOW + 60) }, forGitHub, { check: 'expiry' }],
    ['infinite expiry', { ...gitHub, exp: Number.POSITIVE_INFINITY }, forGitHub, { check: 'expiry' }],
    ['negative expiry', { ...gitHub, exp: -1 }, forGitHub, { check: 'expiry' }],
    [
      'issued 61 s ahead',
      { ...gitHub, iat: NOW + 61 },
      forGitHub,
      { check: 'issued_at', note: 'ahead by 61 s; 60 s are allowed' },
    ],
    [
      'valid from 61 s ahead',
      { ...gitHub, nbf: NOW + 61 },
      forGitHub,
      { check: 'not_before', note: 'ahead by 61 s; 60 s are allowed' },
    ],
    ['valid from infinity', { ...gitHub, nbf: Number.POSITIVE_INFINITY }, forGitHub, { check: 'not_before' }],
    ['valid from text', { ...gitHub, nbf: '0' }, forGitHub, { check: 'not_before' }],
    [
      'older than 300 s',
      { ...gitHub, iat: NOW - 360 },
      forGitHub,
      { check: 'max_age', note: 'over by 60 s; 60 s are allowed' },
    ],
    [
      'another claim',
      { ...gitHub, ref: 'refs/heads/evil' },
      forGitHub,
      { check: 'claim ref', expected: 'refs/heads/main', received: 'refs/heads/evil' },
    ],
    ['an absent claim', { ...gitHub, ref: undefined }, forGitHub, { check: 'claim ref', received: 'absent' }],
    [
      'a claim of another type',
      { ...gitHub, repository_owner_id: 65 },
      forGitHub,
      { check: 'claim repository_owner_id', received: '65', note: 'the claim is a number, where a string is expected' },
    ],
    [
      'a list with the claim',
      { ...gitHub, ref: ['refs/heads/main'] },
      forGitHub,
      { check: 'claim ref', note: expect.stringContaining('list') },
    ],
    [
      'a claim that every object inherits',
      google,
      { issuer: google.iss, audience: AUDIENCE, claims: { toString: 'x' } },
      { check: 'claim toString', received: 'absent' },
    ],
    [
      'a number that JSON can’t express',
      { ...google, id: 2 ** 53 },
      { issuer: google.iss, audience: AUDIENCE, claims: { id: 2 ** 53 } },
      { check: 'claim id', note: expect.stringContaining('2^53') },
    ],
    [
      'a condition',
      { ...gitHub, runner_environment: 'self-hosted' },
      forGitHub,
      {
        check: 'when',
        expected: forGitHub.when,
        received: 'claims.runner_environment is "self-hosted"',
        note: 'not true: claims.runner_environment == "github-hosted"',
      },
    ],
    [
      'an invalid stored condition',
      google,
      { issuer: google.iss, audience: AUDIENCE, when: 'claims.sub.matches("a")' },
      { check: 'when', received: expect.stringContaining('not offered') },
    ],
  ]
  test.each(cases)('%s', (_name, claims, credential, failure) => {
    const failed = failedOf(credential, claims)
    expect(failed).toHaveLength(1)
    expect(failed[0]).toMatchObject({ passed: false, ...failure })
  })

  test('a token of another issuer gets no further check', () => {
    const claims = { ...gitHub, iss: 'https://evil.example' }
    expect(explainMatch(forGitHub, new OutsideToken(claims), at).checks).toHaveLength(1)
  })

  test('all failed checks are listed', () => {
    const failed = failedOf(forGitHub, { ...gitHub, aud: 'x', sub: 'y', exp: 1, ref: 'z', run_attempt: '3' })
    expect(failed.map(({ check }) => check)).toEqual(['audience', 'subject', 'expiry', 'claim ref', 'when'])
  })
})

describe('clock-skew: clocks may differ by a minute', () => {
  const cases: [string, Claims][] = [
    ['expired 59 s ago', { exp: NOW - 59 }],
    ['issued 8 s ahead', { iat: NOW + 8 }],
    ['issued 60 s ahead', { iat: NOW + 60 }],
    ['valid in 60 s', { nbf: NOW + 60 }],
    ['issued 359 s ago, if 300 are allowed', { iat: NOW - 359 }],
    ['a fraction of a second', { exp: NOW + 0.5, iat: NOW - 0.5 }],
  ]
  test.each(cases)('%s', (_name, times) => {
    expect(explainMatch(forGitHub, new OutsideToken({ ...gitHub, ...times }), at)).toMatchObject({ matched: true })
  })

  test('max_age needs iat', () => {
    expect(failedOf(forGitHub, { ...gitHub, iat: undefined })).toMatchObject([{ check: 'max_age', received: 'absent' }])
    expect(failedOf({ ...forGitHub, maxAge: undefined }, { ...gitHub, iat: undefined })).toEqual([])
  })
})

describe('the matching credential of a token', () => {
  const credentials = [
    { ...forGitHub, label: 'production' },
    { ...forGitHub, label: 'staging', subject: 'repo:octo-org/octo-repo:environment:staging', claims: {} },
    { ...forSpiffe, label: 'billing' },
  ]
  const refusalOf = (claims: Claims): Refusal => {
    try {
      findMatch(credentials, new OutsideToken(claims), at)
    } catch (error) {
      if (error instanceof Refusal) return error
      throw error
    }
    throw new Error('it matched')
  }

  test('any credential of a client', () => {
    const staging = { ...gitHub, sub: credentials[1]?.subject, ref: 'x' }
    expect(findMatch(credentials, new OutsideToken(staging), at)).toMatchObject({ label: 'staging' })
    expect(findMatch(credentials, new OutsideToken(spiffe), at)).toMatchObject({ label: 'billing' })
  })

  const refused: [string, Claims, string, object][] = [
    [
      'an unknown issuer',
      { ...gitHub, iss: 'https://evil.example' },
      'federated_issuer_unknown',
      { issuers: ['https://evil.example'], expected: [gitHub.iss, forSpiffe.issuer] },
    ],
    ['no issuer', { sub: 'x' }, 'federated_issuer_unknown', { issuers: [] }],
    [
      'an expired credential',
      { ...gitHub, exp: NOW - 3600 },
      'federated_expired',
      {
        credentials: [{ label: 'production', issuer: gitHub.iss, failed: [{ check: 'expiry' }] }, { label: 'staging' }],
      },
    ],
    [
      'a token that is too old',
      { ...gitHub, iat: NOW - 3600 },
      'federated_expired',
      { credentials: [{ label: 'production' }, {}] },
    ],
    [
      'a token that meets no conditions: the closest credential first',
      { ...gitHub, ref: 'x', sub: 'y' },
      'federated_no_match',
      {
        credentials: [
          { label: 'staging', failed: [{ check: 'subject' }] },
          { label: 'production', failed: [{}, {}] },
        ],
      },
    ],
    ['an expired token that doesn’t match', { ...gitHub, exp: 1, aud: 'x' }, 'federated_no_match', {}],
  ]
  test.each(refused)('%s: 401', (_name, claims, reason, detail) => {
    const refusal = refusalOf(claims)
    expect(refusal).toMatchObject({ reason, code: 'invalid_client', status: 401, detail })
    expect(refusal.description).toBe('Invalid client or client credentials')
  })

  test('the recorded detail is bounded', () => {
    const long = 'x'.repeat(10_000)
    const many = Array.from({ length: 100 }, (_, index) => ({
      ...forGitHub,
      label: `c${index}`,
      claims: Object.fromEntries(Array.from({ length: 50 }, (_, claim) => [`${long}${claim}`, long])),
      when: `claims.ref == "${'y'.repeat(1_000)}"`,
    }))
    try {
      findMatch(many, new OutsideToken({ ...gitHub, sub: long, ref: long }), at)
      expect.unreachable()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      expect(JSON.stringify(error.detail).length).toBeLessThan(32_000)
    }
  })

  test.each([
    ['iss', { iss: 'https://a.example' }, ['https://a.example']],
    ['a SPIFFE ID', spiffe, ['spiffe://prod.example']],
    ['both', { ...spiffe, iss: 'https://a.example' }, ['https://a.example', 'spiffe://prod.example']],
    ['a SPIFFE ID with a port', { sub: 'spiffe://prod.example:443/a' }, []],
    ['a SPIFFE ID in capitals', { sub: 'spiffe://PROD.example/a' }, []],
    ['neither', { iss: 1, sub: {} }, []],
  ])('the possible issuers of a token: %s', (_name, claims: Claims, issuers) => {
    expect(presentedIssuers(claims)).toEqual(issuers)
  })
})

describe('credentials that registration refuses', () => {
  const sound = { issuer: 'https://a.example', audience: AUDIENCE, subject: 's' }
  const cases: [string, FederatedTrust, RegExp][] = [
    ['an issuer over http', { ...sound, issuer: 'http://a.example' }, /https URL/],
    ['an issuer that isn’t a URL', { ...sound, issuer: 'a.example' }, /https URL/],
    ['an issuer with a query', { ...sound, issuer: 'https://a.example?b' }, /https URL/],
    ['an issuer with a fragment', { ...sound, issuer: 'https://a.example#b' }, /https URL/],
    ['an issuer with a password', { ...sound, issuer: 'https://u:p@a.example' }, /https URL/],
    ['a trust domain without keys', { ...sound, issuer: 'spiffe://a.example' }, /needs a jwks_uri/],
    [
      'a SPIFFE ID as issuer',
      { ...sound, issuer: 'spiffe://a.example/b', jwksUri: 'https://a.example' },
      /trust domain/,
    ],
    ['keys over http', { ...sound, jwksUri: 'http://a.example/keys' }, /jwks_uri must be/],
    ['no audience', { ...sound, audience: [] }, /audience is required/],
    ['an empty audience', { ...sound, audience: '' }, /audience is required/],
    ['an empty subject', { ...sound, subject: '' }, /subject must not/],
    ['neither subject nor condition', { ...sound, subject: undefined }, /A subject, claims or a condition/],
    [
      'neither subject nor condition, with empty claims',
      { ...sound, subject: undefined, claims: {} },
      /A subject, claims or a condition/,
    ],
    ['the audience among claims', { ...sound, claims: { aud: 'x' } }, /aud does not belong/],
    ['a number that JSON can’t express', { ...sound, claims: { id: 2 ** 53 } }, /beyond 2\^53/],
    ['an invalid condition', { ...sound, when: 'claims.a' }, /true or false/],
    ['an age of zero', { ...sound, maxAge: 0 }, /max_age/],
    ['an age of half a second', { ...sound, maxAge: 0.5 }, /max_age/],
  ]
  test.each(cases)('%s', (_name, credential, message) => {
    expect(() => refuseUnsound(credential)).toThrow(UserError)
    expect(() => refuseUnsound(credential)).toThrow(message)
  })
})

describe('any claims', () => {
  const name = fc.oneof(
    fc.constantFrom(...Object.keys(gitHub), '__proto__', 'constructor', 'kubernetes.io'),
    fc.string(),
  )
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.constantFrom<unknown>(
      AUDIENCE,
      gitHub.iss,
      gitHub.sub,
      NOW,
      -1,
      1e308,
      Number.POSITIVE_INFINITY,
      [],
      {},
      null,
      undefined,
    ),
    fc.anything(),
  )
  const base = fc.constantFrom<Claims>({}, gitHub, spiffe, kubernetes)
  const tokens = fc
    .tuple(base, fc.dictionary(name, value))
    .map(([claims, more]) => new OutsideToken({ ...claims, ...more }))
  const credential = fc.constantFrom<FederatedTrust>(forGitHub, forSpiffe, {
    ...forGitHub,
    subject: undefined,
    claims: { constructor: 'x' },
    when: 'claims.sub.exists(x, x == claims.aud)',
  })

  test('nothing throws, and messages are short', () => {
    const property = fc.property(tokens, credential, (token, one) => {
      const { matched, checks } = explainMatch(one, token, at)
      const texts = checks.flatMap(({ expected, received, note = '' }) => [expected, received, note])
      return matched === checks.every(({ passed }) => passed) && texts.every((text) => text.length <= 256)
    })
    fc.assert(property, { numRuns: 1_000, endOnFailure: true })
  })

  test('a matching token has issuer, audience, subject and a valid time', () => {
    const property = fc.property(tokens, ({ claims }) => {
      if (!explainMatch(forGitHub, new OutsideToken(claims), at).matched) return true
      const { iss, aud, sub, exp } = claims
      const isForUs = aud === AUDIENCE || (Array.isArray(aud) && aud.includes(AUDIENCE))
      return iss === gitHub.iss && sub === gitHub.sub && isForUs && typeof exp === 'number' && exp > NOW - 60
    })
    fc.assert(property, { numRuns: 1_000, endOnFailure: true })
  })
})
