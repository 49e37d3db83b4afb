import { claimOf, type OutsideClaims, type OutsideToken, show } from '../../conditions/claims.ts'
import { ConditionError } from '../../conditions/condition-error.ts'
import type { Conditions } from '../../conditions/conditions.ts'
import {
  audiencesOf,
  type FederatedTrust,
  isExact,
  isTrustDomain,
  type JsonScalar,
} from '../../model/credentials/federated-trust.ts'
import { CLOCK_SKEW_MS } from '../../platform/clock.ts'
import { cut } from '../../platform/text.ts'

/** The result of one check of a token against a credential. Texts are cut to 256 characters. */
export interface Check {
  readonly check:
    | 'issuer'
    | 'audience'
    | 'subject'
    | 'expiry'
    | 'not_before'
    | 'issued_at'
    | 'max_age'
    | `claim ${string}`
    | 'when'
  readonly passed: boolean
  readonly expected: string
  readonly received: string
  /** An explanation, if `expected` and `received` are not enough. */
  readonly note?: string
}

/** Whether a token matches a credential, with all checks. */
export interface Verdict {
  readonly matched: boolean
  /** The checks in the order above. If the issuer is wrong, it is the only one, since only that issuer defines its claims. */
  readonly checks: readonly Check[]
}

/** The parts of the server on which matching depends. */
export interface MatchContext {
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly conditions: Conditions
}

/** Checks a token against a credential and explains each check. It never throws, whatever the claims are. */
export function explainMatch(
  credential: FederatedTrust,
  token: OutsideToken,
  { now, conditions }: MatchContext,
): Verdict {
  const issuer = checkIssuer(credential, token)
  const checks = issuer.passed
    ? [
        issuer,
        checkAudience(credential, token),
        ...checkSubject(credential, token),
        ...checkTimes(credential, token, now),
        ...Object.entries(credential.claims ?? {}).map(([name, expected]) => checkClaim(name, expected, token)),
        ...checkCondition(credential, token, conditions),
      ]
    : [issuer]
  return { matched: checks.every(({ passed }) => passed), checks }
}

/**
 * The issuers that a token claims, before its signature is verified: `iss`, and the trust domain of a SPIFFE ID, since a JWT-SVID
 * needs no `iss` (JWT-SVID §3). They lead to the credentials, whose keys then verify the signature.
 */
export function presentedIssuers(claims: OutsideClaims): readonly string[] {
  const domain = trustDomainOf(claimOf(claims, 'sub'))
  const issuer = claimOf(claims, 'iss')
  return [...(typeof issuer === 'string' ? [issuer] : []), ...(domain === undefined ? [] : [domain])]
}

function trustDomainOf(subject: unknown): string | undefined {
  if (typeof subject !== 'string') return undefined
  const domain = subject.split('/', 3).join('/')
  return isTrustDomain(domain) && subject.length > domain.length ? domain : undefined
}

function checkIssuer({ issuer }: FederatedTrust, token: OutsideToken): Check {
  // Tokens of a trust domain may have any `iss` or none. The SPIFFE ID names their issuer.
  const received = isTrustDomain(issuer) ? trustDomainOf(claimOf(token.claims, 'sub')) : claimOf(token.claims, 'iss')
  return { check: 'issuer', passed: received === issuer, expected: show(issuer), received: token.show(received) }
}

function checkAudience(credential: FederatedTrust, token: OutsideToken): Check {
  const expected = audiencesOf(credential)
  const received = claimOf(token.claims, 'aud')
  const audiences: readonly unknown[] = Array.isArray(received) ? received : [received]
  return {
    check: 'audience',
    passed: audiences.some((one) => typeof one === 'string' && expected.includes(one)),
    expected: cut(expected.join(' or ')),
    received: token.show(received),
  }
}

function checkSubject({ subject }: FederatedTrust, token: OutsideToken): Check[] {
  if (subject === undefined) return []
  const received = claimOf(token.claims, 'sub')
  return [{ check: 'subject', passed: received === subject, expected: show(subject), received: token.show(received) }]
}

function checkTimes({ maxAge }: FederatedTrust, token: OutsideToken, now: number): Check[] {
  const after = (check: Check['check'], name: string, latest: (seconds: number) => number): Check => {
    const received = claimOf(token.claims, name)
    if (typeof received !== 'number' || !Number.isFinite(received)) {
      const note = `${name} must be a number of seconds since 1970 (RFC 7519 §2)`
      return { check, passed: false, expected: `${name}, a time`, received: token.show(received), note }
    }
    const late = now - latest(received)
    const passed = late < CLOCK_SKEW_MS
    return {
      check,
      passed,
      expected: cut(`now, ${showTime(now / 1000)}, to be before ${showTime(latest(received) / 1000)}`),
      received: showTime(received),
      ...(!passed && { note: `over by ${Math.ceil(late / 1000)} s; ${CLOCK_SKEW_MS / 1000} s are allowed` }),
    }
  }
  const notAhead = (check: Check['check'], name: string): Check[] => {
    const received = claimOf(token.claims, name)
    if (received === undefined) return []
    const ahead = typeof received === 'number' ? received * 1000 - now : Number.NaN
    const passed = ahead <= CLOCK_SKEW_MS
    const note = Number.isNaN(ahead)
      ? `${name} must be a number of seconds since 1970 (RFC 7519 §2)`
      : `ahead by ${Math.ceil(ahead / 1000)} s; ${CLOCK_SKEW_MS / 1000} s are allowed`
    const shown = typeof received === 'number' ? showTime(received) : token.show(received)
    return [{ check, passed, expected: `not after ${showTime(now / 1000)}`, received: shown, ...(!passed && { note }) }]
  }
  return [
    after('expiry', 'exp', (exp) => exp * 1000),
    ...notAhead('not_before', 'nbf'),
    ...notAhead('issued_at', 'iat'),
    ...(maxAge === undefined ? [] : [after('max_age', 'iat', (iat) => (iat + maxAge) * 1000)]),
  ]
}

/** Shows a NumericDate (RFC 7519 §2), in seconds, as a date if it is in range. */
function showTime(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString()
}

function checkClaim(name: string, expected: JsonScalar, token: OutsideToken): Check {
  const received = claimOf(token.claims, name)
  const isInexact = typeof received === 'number' && !isExact(received)
  const passed = received === expected && !isInexact
  const note = passed ? undefined : noteOn(expected, received, isInexact)
  return {
    check: `claim ${cut(name)}`,
    passed,
    expected: show(expected),
    received: token.show(received),
    ...(note !== undefined && { note }),
  }
}

function noteOn(expected: JsonScalar, received: unknown, isInexact: boolean): string | undefined {
  if (isInexact) return 'the number is beyond 2^53, so JSON readers may round it'
  if (Array.isArray(received)) return 'the claim is a list: use a condition to check its entries'
  if (typeof received === 'object' && received !== null) return 'the claim has members: use a condition to check them'
  if (received !== undefined && typeof received !== typeof expected) {
    return `the claim is ${kindOf(received)}, where ${kindOf(expected)} is expected`
  }
  return undefined
}

const kindOf = (value: unknown): string => (value === null ? 'null' : `a ${typeof value}`)

function checkCondition({ when }: FederatedTrust, token: OutsideToken, conditions: Conditions): Check[] {
  if (when === undefined) return []
  const check = { check: 'when', expected: cut(when) } as const
  try {
    const outcome = conditions.parse(when).evaluate(token)
    if (outcome.holds) return [{ ...check, passed: true, received: 'true' }]
    return [{ ...check, passed: false, received: outcome.because, note: cut(`not true: ${outcome.part}`) }]
  } catch (error) {
    // An earlier version accepted and stored this condition.
    if (error instanceof ConditionError) return [{ ...check, passed: false, received: cut(error.message) }]
    throw error
  }
}
