import { describe, expect, test } from 'vitest'
import { findMatch } from '../../../src/client-auth/federation/find.ts'
import { explainMatch } from '../../../src/client-auth/federation/match.ts'
import { OutsideToken } from '../../../src/conditions/claims.ts'
import { Conditions } from '../../../src/conditions/conditions.ts'
import type { FederatedTrust } from '../../../src/model/credentials/federated-trust.ts'

/** Seconds. */
const NOW = Date.UTC(2030, 0, 1) / 1_000
const context = { now: NOW * 1_000, conditions: new Conditions() }
const time = (seconds: number): string => new Date(seconds * 1_000).toISOString()

const trust: FederatedTrust = { issuer: 'https://issuer.example', audience: ['us', 'them'], subject: 's', maxAge: 300 }
const claims = { iss: trust.issuer, aud: ['us'], sub: 's', exp: NOW + 60, iat: NOW - 60, nbf: NOW - 60, count: 7 }

/** The check of this name, exactly as an administrator reads it. */
const checkOf = (name: string, changed: object = {}, more: Partial<FederatedTrust> = {}) =>
  explainMatch({ ...trust, ...more }, new OutsideToken({ ...claims, ...changed }), context).checks.find(
    ({ check }) => check === name,
  )

const SECONDS = (name: string) => `${name} must be a number of seconds since 1970 (RFC 7519 §2)`

describe('an administrator reads', () => {
  test.each<[string, string, object, object]>([
    ['a good audience', 'audience', {}, { passed: true, expected: 'us or them', received: '["us"]' }],
    ['a wrong one', 'audience', { aud: 7 }, { passed: false, expected: 'us or them', received: '7' }],
    [
      'a time of expiry',
      'expiry',
      {},
      { passed: true, expected: `now, ${time(NOW)}, to be before ${time(NOW + 60)}`, received: time(NOW + 60) },
    ],
    [
      'a time of expiry that is text',
      'expiry',
      { exp: String(NOW) },
      { passed: false, expected: 'exp, a time', received: String(NOW), note: SECONDS('exp') },
    ],
    [
      'a time of issue',
      'issued_at',
      {},
      { passed: true, expected: `not after ${time(NOW)}`, received: time(NOW - 60) },
    ],
    [
      'a time of issue ahead',
      'issued_at',
      { iat: NOW + 61 },
      {
        passed: false,
        expected: `not after ${time(NOW)}`,
        received: time(NOW + 61),
        note: 'ahead by 61 s; 60 s are allowed',
      },
    ],
    [
      'a start that is text',
      'not_before',
      { nbf: 'soon' },
      { passed: false, expected: `not after ${time(NOW)}`, received: 'soon', note: SECONDS('nbf') },
    ],
    [
      'a time out of range',
      'expiry',
      { exp: 1e15 },
      { passed: true, expected: `now, ${time(NOW)}, to be before 1000000000000000`, received: '1000000000000000' },
    ],
    [
      'an age',
      'max_age',
      {},
      { passed: true, expected: `now, ${time(NOW)}, to be before ${time(NOW + 240)}`, received: time(NOW - 60) },
    ],
  ])('%s', (_name, check, changed, expected) => {
    expect(checkOf(check, changed)).toEqual({ check, ...expected })
  })

  test.each<[string, unknown, unknown, object]>([
    ['a claim as expected', 'a', 'a', { passed: true, expected: 'a', received: 'a' }],
    ['another text', 'a', 'b', { passed: false, expected: 'a', received: 'b' }],
    ['no claim', 'a', undefined, { passed: false, expected: 'a', received: 'absent' }],
    ['no claim where null is expected', null, undefined, { passed: false, expected: 'null', received: 'absent' }],
    [
      'null',
      'a',
      null,
      { passed: false, expected: 'a', received: 'null', note: 'the claim is null, where a string is expected' },
    ],
    [
      'a text where null is expected',
      null,
      'a',
      { passed: false, expected: 'null', received: 'a', note: 'the claim is a string, where null is expected' },
    ],
    [
      'a number for a text',
      '1',
      1,
      { passed: false, expected: '1', received: '1', note: 'the claim is a number, where a string is expected' },
    ],
    [
      'an object',
      'a',
      { b: 1 },
      {
        passed: false,
        expected: 'a',
        received: '{"b":1}',
        note: 'the claim has members: use a condition to check them',
      },
    ],
    [
      'a list',
      'a',
      ['a'],
      {
        passed: false,
        expected: 'a',
        received: '["a"]',
        note: 'the claim is a list: use a condition to check its entries',
      },
    ],
  ])('%s', (_name, expected, received, check) => {
    const found = checkOf('claim x', { x: received }, { claims: { x: expected as string } })
    expect(found).toEqual({ check: 'claim x', ...check })
    // No explanation is a member without a value.
    expect(Object.values(found ?? {})).not.toContain(undefined)
  })

  test('whether a condition holds', () => {
    const when = 'claims.count == 7'
    expect(checkOf('when', {}, { when })).toEqual({ check: 'when', passed: true, expected: when, received: 'true' })
  })
})

test('a defect in a condition is thrown, and no condition that does not match', () => {
  const broken = {
    parse: () => ({
      evaluate: () => {
        throw new TypeError('a defect')
      },
    }),
  } as unknown as Conditions
  const explain = () =>
    explainMatch({ ...trust, when: 'true' }, new OutsideToken(claims), { ...context, conditions: broken })
  expect(explain).toThrow('a defect')
})

describe('a refusal names', () => {
  const refusalFor = (credentials: readonly (FederatedTrust & { readonly label?: string })[], changed: object) => {
    try {
      findMatch(credentials, new OutsideToken({ ...claims, ...changed }), context)
    } catch (error) {
      return error
    }
    return undefined
  }

  test('five issuers at most', () => {
    const issuers = Array.from({ length: 6 }, (_, index) => `https://${index}.example`)
    expect(
      refusalFor(
        issuers.map((issuer) => ({ ...trust, issuer })),
        { iss: 'https://other' },
      ),
    ).toMatchObject({
      reason: 'federated_issuer_unknown',
      detail: { issuers: ['https://other'], expected: issuers.slice(0, 5) },
    })
  })

  test('only credentials of the issuer, and their labels, if they have one', () => {
    const foreign = { ...trust, issuer: 'https://other.example', label: 'foreign' }
    const refusal = refusalFor([foreign, { ...trust, subject: 'x' }, { ...trust, subject: 'y', label: 'mine' }], {})
    expect(refusal).toMatchObject({
      reason: 'federated_no_match',
      detail: {
        credentials: [
          { issuer: trust.issuer, failed: [{ check: 'subject', expected: 'x' }] },
          { label: 'mine', issuer: trust.issuer, failed: [{ check: 'subject', expected: 'y' }] },
        ],
      },
    })
    expect(JSON.parse(JSON.stringify(refusal)).detail.credentials).toHaveLength(2)
  })
})
