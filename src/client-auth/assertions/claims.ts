import { type CompactJws, mediaType } from '../../crypto/jws/compact.ts'
import { received } from '../../crypto/jws/received.ts'
import { LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import type { Refusal } from '../../oauth/refusal.ts'
import { normaliseUri } from '../../oauth/uri.ts'
import { CLOCK_SKEW, isNumericDate, toSeconds } from '../../platform/clock.ts'
import { refusal } from './refusals.ts'

/** The accepted forms of `aud`: a string only, or also an array (RFC 7519 §4.1.3). */
export type AudienceForm = 'any' | 'string'

/** The rules that an assertion must meet. */
interface AssertionRules {
  /** The issuer identifier of this server, which is always an accepted audience. */
  readonly issuer: string
  /** All addresses of the token endpoint. */
  readonly tokenEndpoints: readonly string[]
  /** Whether the client's library names the token endpoint as audience, instead of the issuer or beside it. */
  readonly isCompatible: boolean
  readonly audienceForm: AudienceForm
  /** The most seconds until `exp`. */
  readonly maxLifetime: number
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The claims of a checked assertion that are still needed. */
export interface AssertionClaims {
  /** The id of the assertion. Its length is not limited. */
  readonly jti: string
  /** The time from which on the assertion is refused as expired, so that its `jti` may be forgotten. Milliseconds. */
  readonly expiresAt: number
}

/** The accepted values of `typ`, as `mediaType` returns them. Other JWTs, such as DPoP proofs, are refused (RFC 8725 §3.11). */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'client-authentication+jwt'])

/**
 * Checks the claims and `typ` of an assertion. It checks neither the signature nor whether the `jti` was used before.
 * @throws Refusal `assertion_typ`, `assertion_claims`, `assertion_subject`, `assertion_audience`, `assertion_expired`,
 * `assertion_too_long_lived`, `assertion_not_yet_valid`
 */
export function checkAssertion(jws: CompactJws, rules: AssertionRules): AssertionClaims {
  const { typ } = jws.header
  if (typ !== undefined && !TYPES.has(mediaType(typ))) {
    throw refusal('assertion_typ', { detail: { expected: [...TYPES], received: received(typ) } })
  }
  const { iss, sub, jti } = jws.claims
  if (!isId(iss)) throw wrongClaim('iss', `the client_id, of at most ${LONGEST_CLIENT_ID} characters`, iss)
  if (!isId(sub)) throw wrongClaim('sub', `the client_id, of at most ${LONGEST_CLIENT_ID} characters`, sub)
  if (iss !== sub) throw refusal('assertion_subject', { detail: { iss: received(iss), sub: received(sub) } })
  if (typeof jti !== 'string' || jti === '') throw wrongClaim('jti', 'a string that no other assertion has', jti)
  checkAudience(jws.claims['aud'], rules)
  return { jti, expiresAt: checkTimes(jws.claims, rules) }
}

const isId = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST_CLIENT_ID

const wrongClaim = (claim: string, expected: string, value: unknown): Refusal =>
  refusal('assertion_claims', { detail: { claim, expected, received: received(value) } })

/** The issuer and one address of the token endpoint. */
const MOST_AUDIENCES = 2

/**
 * Accepts only the issuer, since an assertion for several servers could be replayed at another. It is compared as text (RFC 7523
 * §3, item 3). Older libraries name the token endpoint, or both. For a client registered with such a library, each value must be
 * the issuer or an address of the token endpoint, in any spelling.
 */
function checkAudience(aud: unknown, rules: AssertionRules): void {
  const { issuer, tokenEndpoints, isCompatible, audienceForm } = rules
  const names: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const ours = [issuer, ...tokenEndpoints]
  const isForUs = names.length > 0 && names.length <= MOST_AUDIENCES && names.every((name) => isOneOf(ours, name))
  const isAccepted = isCompatible ? isForUs : names.length === 1 && names[0] === issuer
  if (isAccepted && (audienceForm === 'any' || typeof aud === 'string')) return
  throw refusal('assertion_audience', {
    detail: {
      expected: isCompatible ? ours : [issuer],
      received: received(aud),
      ...(isForUs && { remedy: isAccepted ? STRING_REMEDY : COMPATIBLE_REMEDY }),
    },
  })
}

function isOneOf(uris: readonly string[], name: unknown): boolean {
  if (typeof name !== 'string') return false
  // Nearly every library sends one of them as it is written.
  if (uris.includes(name)) return true
  const normal = normaliseUri(name)
  return uris.some((uri) => normaliseUri(uri) === normal)
}

/** Remedies for an assertion that is meant for this server but names it in a form that is not accepted. */
const COMPATIBLE_REMEDY = 'have the client send the issuer alone, or give it assertion_audience: compatible'
const STRING_REMEDY = 'have the client send aud as a string, or set assertions.audience to any'

/** @returns the time from which on the assertion is expired, in milliseconds */
function checkTimes({ exp, iat, nbf }: CompactJws['claims'], { maxLifetime, now }: AssertionRules): number {
  const seconds = toSeconds(now)
  if (!isNumericDate(exp) || exp <= 0) throw wrongClaim('exp', 'seconds since 1970, as a number', exp)
  for (const [claim, value] of Object.entries({ iat, nbf })) {
    if (value === undefined) continue
    if (!isNumericDate(value)) throw wrongClaim(claim, 'seconds since 1970, as a number', value)
    if (value - seconds > CLOCK_SKEW) {
      const detail = { claim, received: value, now: seconds, seconds_ahead: value - seconds, allowed: CLOCK_SKEW }
      throw refusal('assertion_not_yet_valid', { detail })
    }
  }
  if (seconds - exp > CLOCK_SKEW) {
    const issued = isNumericDate(iat) ? { iat } : {}
    const detail = { exp, ...issued, now: seconds, seconds_late: seconds - exp, allowed: CLOCK_SKEW }
    throw refusal('assertion_expired', { detail })
  }
  if (exp - seconds > maxLifetime + CLOCK_SKEW) {
    const detail = { exp, now: seconds, seconds_ahead: exp - seconds, allowed: maxLifetime + CLOCK_SKEW }
    throw refusal('assertion_too_long_lived', { detail })
  }
  return (Math.floor(exp + CLOCK_SKEW) + 1) * 1000
}
