import { claimOf, type OutsideClaims, show } from '../../conditions/claims.ts'
import { ConditionError } from '../../conditions/condition-error.ts'
import { parseCondition } from '../../conditions/conditions.ts'
import {
  audiencesOf,
  type FederatedTrust,
  isExact,
  isTrustDomain,
  type JsonScalar,
} from '../../model/credentials/federated-trust.ts'
import { CLOCK_SKEW_MS } from '../../platform/clock.ts'
import { cut } from '../../platform/text.ts'

/** One thing that a credential asks of a token. Text is cut to 256 characters. */
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
  /** What there is to know beyond that. */
  readonly note?: string
}

/** Whether a token is the credential, and why not. */
export interface Verdict {
  readonly matched: boolean
  /** In the order above. Where the issuer is another, that is all: what its claims mean is its own affair. */
  readonly checks: readonly Check[]
}

/** A token of an outside issuer, once its signature is verified with the keys of the credential. */
export interface OutsideToken {
  readonly claims: OutsideClaims
}

/**
 * Whether a token meets a credential, check by check. Never throws, whatever the claims are.
 * @param now milliseconds since the epoch
 */
export function explainMatch(
  credential: FederatedTrust,
  { claims }: OutsideToken,
  { now }: { readonly now: number },
): Verdict {
  const issuer = checkIssuer(credential, claims)
  const checks = issuer.passed
    ? [
        issuer,
        checkAudience(credential, claims),
        ...checkSubject(credential, claims),
        ...checkTimes(credential, claims, now),
        ...Object.entries(credential.claims ?? {}).map(([name, expected]) => checkClaim(name, expected, claims)),
        ...checkCondition(credential, claims),
      ]
    : [issuer]
  return { matched: checks.every(({ passed }) => passed), checks }
}

/**
 * The issuers that a token may be of, before its signature is verified: `iss`, and the trust domain of a SPIFFE ID, since a
 * JWT-SVID needs no `iss` (JWT-SVID §3). For finding the credentials, and with them the keys, that it is to be checked with.
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

function checkIssuer({ issuer }: FederatedTrust, claims: OutsideClaims): Check {
  // A trust domain's tokens have any `iss` or none: whose they are, the SPIFFE ID tells.
  const received = isTrustDomain(issuer) ? trustDomainOf(claimOf(claims, 'sub')) : claimOf(claims, 'iss')
  return { check: 'issuer', passed: received === issuer, expected: show(issuer), received: show(received) }
}

function checkAudience(credential: FederatedTrust, claims: OutsideClaims): Check {
  const expected = audiencesOf(credential)
  const received = claimOf(claims, 'aud')
  const audiences: readonly unknown[] = Array.isArray(received) ? received : [received]
  return {
    check: 'audience',
    passed: audiences.some((one) => typeof one === 'string' && expected.includes(one)),
    expected: cut(expected.join(' or ')),
    received: show(received),
  }
}

function checkSubject({ subject }: FederatedTrust, claims: OutsideClaims): Check[] {
  if (subject === undefined) return []
  const received = claimOf(claims, 'sub')
  return [{ check: 'subject', passed: received === subject, expected: show(subject), received: show(received) }]
}

function checkTimes({ maxAge }: FederatedTrust, claims: OutsideClaims, now: number): Check[] {
  const after = (check: Check['check'], name: string, latest: (seconds: number) => number): Check => {
    const received = claimOf(claims, name)
    if (typeof received !== 'number' || !Number.isFinite(received)) {
      const note = `${name} must be a number of seconds since 1970 (RFC 7519 §2)`
      return { check, passed: false, expected: `${name}, a time`, received: show(received), note }
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
    const received = claimOf(claims, name)
    if (received === undefined) return []
    const ahead = typeof received === 'number' ? received * 1000 - now : Number.NaN
    const passed = ahead <= CLOCK_SKEW_MS
    const note = Number.isNaN(ahead)
      ? `${name} must be a number of seconds since 1970 (RFC 7519 §2)`
      : `ahead by ${Math.ceil(ahead / 1000)} s; ${CLOCK_SKEW_MS / 1000} s are allowed`
    const shown = typeof received === 'number' ? showTime(received) : show(received)
    return [{ check, passed, expected: `not after ${showTime(now / 1000)}`, received: shown, ...(!passed && { note }) }]
  }
  return [
    after('expiry', 'exp', (exp) => exp * 1000),
    ...notAhead('not_before', 'nbf'),
    ...notAhead('issued_at', 'iat'),
    ...(maxAge === undefined ? [] : [after('max_age', 'iat', (iat) => (iat + maxAge) * 1000)]),
  ]
}

/** A NumericDate (RFC 7519 §2), in seconds, as a date where it is one. */
function showTime(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString()
}

function checkClaim(name: string, expected: JsonScalar, claims: OutsideClaims): Check {
  const received = claimOf(claims, name)
  const isInexact = typeof received === 'number' && !isExact(received)
  const passed = received === expected && !isInexact
  const note = passed ? undefined : noteOn(expected, received, isInexact)
  return {
    check: `claim ${cut(name)}`,
    passed,
    expected: show(expected),
    received: show(received),
    ...(note !== undefined && { note }),
  }
}

function noteOn(expected: JsonScalar, received: unknown, isInexact: boolean): string | undefined {
  if (isInexact) return 'a number beyond 2^53, which JSON does not carry exactly'
  if (Array.isArray(received)) return 'the claim is a list: look into it with a condition'
  if (typeof received === 'object' && received !== null) return 'the claim has members: look at them with a condition'
  if (received !== undefined && typeof received !== typeof expected) {
    return `the claim is a ${typeof received}, where a ${expected === null ? 'null' : typeof expected} is expected`
  }
  return undefined
}

function checkCondition({ when }: FederatedTrust, claims: OutsideClaims): Check[] {
  if (when === undefined) return []
  const check = { check: 'when', expected: cut(when) } as const
  try {
    const outcome = parseCondition(when).evaluate(claims)
    if (outcome.holds) return [{ ...check, passed: true, received: 'true' }]
    return [{ ...check, passed: false, received: outcome.because, note: cut(`not true: ${outcome.part}`) }]
  } catch (error) {
    // Stored by a version that took it.
    if (error instanceof ConditionError) return [{ ...check, passed: false, received: cut(error.message) }]
    throw error
  }
}
