import { type CompactJws, mediaType } from '../../crypto/jws/compact.ts'
import { received } from '../../crypto/jws/received.ts'
import { OAuthError } from '../../oauth/error.ts'
import { ClientId, LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import { isSameUri } from '../../oauth/uri.ts'
import { CLOCK_SKEW_MS, isNumericDate, toSeconds } from '../../platform/clock.ts'

/** How `aud` may be written: as a string alone, or as an array, too (RFC 7519 §4.1.3). */
export type AudienceForm = 'any' | 'string'

/** What an assertion is held against. */
interface AssertionRules {
  /** Of this server: always an audience. */
  readonly issuer: string
  readonly tokenEndpoint: string
  /** Whether the client's library names the token endpoint, in place of the issuer or beside it. */
  readonly isCompatible: boolean
  readonly audienceForm: AudienceForm
  /** Seconds. */
  readonly maxLifetime: number
  /** Milliseconds. */
  readonly now: number
}

/** What is left to know of an assertion once its claims are found in order. */
export interface AssertionClaims {
  readonly clientId: ClientId
  /** Of any size. */
  readonly jti: string
  /** Milliseconds: from then on the assertion is refused for its age, and its `jti` may be forgotten. */
  readonly expiresAt: number
}

const SKEW = toSeconds(CLOCK_SKEW_MS)
/** As `mediaType` gives them. Anything else is an access token, a DPoP proof, … (RFC 8725 §3.11). */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'client-authentication+jwt'])

/**
 * Checks all that an assertion says, but for its signature and whether it was seen before.
 * @throws OAuthError `assertion_typ`, `assertion_claims`, `assertion_subject`, `assertion_audience`, `assertion_expired`,
 * `assertion_too_long_lived`, `assertion_not_yet_valid`
 */
export function checkAssertion(jws: CompactJws, rules: AssertionRules): AssertionClaims {
  const { typ } = jws.header
  if (typ !== undefined && !TYPES.has(mediaType(typ))) {
    throw new OAuthError('assertion_typ', { detail: { expected: [...TYPES], received: received(typ) } })
  }
  const { iss, sub, jti } = jws.claims
  if (!isId(iss)) throw wrongClaim('iss', `the client_id, of at most ${LONGEST_CLIENT_ID} characters`, iss)
  if (!isId(sub)) throw wrongClaim('sub', `the client_id, of at most ${LONGEST_CLIENT_ID} characters`, sub)
  if (iss !== sub) throw new OAuthError('assertion_subject', { detail: { iss: received(iss), sub: received(sub) } })
  if (typeof jti !== 'string' || jti === '') throw wrongClaim('jti', 'a string that no other assertion has', jti)
  checkAudience(jws.claims['aud'], rules)
  return { clientId: ClientId(iss), jti, expiresAt: checkTimes(jws.claims, rules) }
}

const isId = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST_CLIENT_ID

const wrongClaim = (claim: string, expected: string, value: unknown): OAuthError =>
  new OAuthError('assertion_claims', { detail: { claim, expected, received: received(value) } })

/**
 * Accepts the issuer alone: an assertion that several servers would accept could be replayed. It is compared as text (RFC 7523
 * §3, item 3). Older libraries name the token endpoint, or both. If the client is registered as using such a library, each value
 * must be a name of this server, in any spelling.
 */
function checkAudience(aud: unknown, rules: AssertionRules): void {
  const { issuer, tokenEndpoint, isCompatible, audienceForm } = rules
  const names: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const ours = [issuer, tokenEndpoint]
  const isForUs = names.length > 0 && names.length <= ours.length && names.every((name) => isOneOf(ours, name))
  const isAccepted = isCompatible ? isForUs : names.length === 1 && names[0] === issuer
  if (isAccepted && (audienceForm === 'any' || typeof aud === 'string')) return
  throw new OAuthError('assertion_audience', {
    detail: {
      expected: isCompatible ? ours : [issuer],
      received: received(aud),
      ...(isForUs && { remedy: isAccepted ? STRING_REMEDY : COMPATIBLE_REMEDY }),
    },
  })
}

const isOneOf = (uris: readonly string[], name: unknown): boolean =>
  typeof name === 'string' && uris.some((uri) => isSameUri(uri, name))

/** Remedies for an assertion that is meant for this server but names it in a form that is not accepted. */
const COMPATIBLE_REMEDY = 'have the client send the issuer alone, or give it assertion_audience: compatible'
const STRING_REMEDY = 'have the client send aud as a string, or set assertions.audience to any'

/** @returns from when on, in milliseconds, the assertion is expired */
function checkTimes({ exp, iat, nbf }: CompactJws['claims'], { maxLifetime, now }: AssertionRules): number {
  const seconds = toSeconds(now)
  if (!isNumericDate(exp) || exp <= 0) throw wrongClaim('exp', 'seconds since 1970, as a number', exp)
  for (const [claim, value] of Object.entries({ iat, nbf })) {
    if (value === undefined) continue
    if (!isNumericDate(value)) throw wrongClaim(claim, 'seconds since 1970, as a number', value)
    if (value - seconds > SKEW) {
      const detail = { claim, received: value, now: seconds, seconds_ahead: value - seconds, allowed: SKEW }
      throw new OAuthError('assertion_not_yet_valid', { detail })
    }
  }
  if (seconds - exp > SKEW) {
    const issued = isNumericDate(iat) ? { iat } : {}
    const detail = { exp, ...issued, now: seconds, seconds_late: seconds - exp, allowed: SKEW }
    throw new OAuthError('assertion_expired', { detail })
  }
  if (exp - seconds > maxLifetime + SKEW) {
    const detail = { exp, now: seconds, seconds_ahead: exp - seconds, allowed: maxLifetime + SKEW }
    throw new OAuthError('assertion_too_long_lived', { detail })
  }
  return (Math.floor(exp + SKEW) + 1) * 1000
}
