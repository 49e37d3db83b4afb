import { hash } from 'node:crypto'
import type { CompactJws } from '../crypto/jws/compact.ts'
import { received } from '../crypto/jws/received.ts'
import { OAuthError } from '../oauth/error.ts'
import { CLOCK_SKEW_MS, isNumericDate, toSeconds } from '../platform/clock.ts'
import type { ProofContext } from './context.ts'
import { isSameTarget } from './htu.ts'

/** The claims of a proof, each of the right kind. */
export interface ProofClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  readonly iat: number
  readonly nbf: number | undefined
  readonly exp: number | undefined
  readonly nonce: string | undefined
}

/** Seconds (RFC 9449 §11.1; FAPI 2.0 §5.3.2.1 for `iat` and `nbf` that are ahead). */
const TOLERANCE = toSeconds(CLOCK_SKEW_MS)
/** RFC 9449 §11.1 warns of a `jti` that fills the memory; RFC 9449 §4.2 is content with 96 bits. */
const LONGEST_JTI = 256

/**
 * Reads the claims that every proof must have (RFC 9449 §4.2) or may have (RFC 7519 §4.1).
 * @throws OAuthError `dpop_proof_claims`
 */
export function parseClaims({ jti, htm, htu, iat, nbf, exp, nonce }: CompactJws['claims']): ProofClaims {
  const wrong = (claim: string, value: unknown) =>
    new OAuthError('dpop_proof_claims', { detail: { claim, received: received(value) } })
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI) throw wrong('jti', jti)
  if (typeof htm !== 'string') throw wrong('htm', htm)
  if (typeof htu !== 'string') throw wrong('htu', htu)
  if (!isNumericDate(iat)) throw wrong('iat', iat)
  if (nbf !== undefined && !isNumericDate(nbf)) throw wrong('nbf', nbf)
  if (exp !== undefined && !isNumericDate(exp)) throw wrong('exp', exp)
  if (nonce !== undefined && typeof nonce !== 'string') throw wrong('nonce', nonce)
  return { jti, htm, htu, iat, nbf, exp, nonce }
}

/** Whether the proof is for this request. @throws OAuthError `dpop_proof_htm`, `dpop_proof_htu` */
export function checkRequest({ htm, htu }: ProofClaims, { method, uris }: ProofContext): void {
  if (htm !== method) {
    throw new OAuthError('dpop_proof_htm', { detail: { expected: method, received: received(htm) } })
  }
  if (!uris.some((uri) => isSameTarget(uri, htu))) {
    throw new OAuthError('dpop_proof_htu', { detail: { expected: uris, received: received(htu) } })
  }
}

/**
 * Checks that `iat`, `nbf` and `exp` all fit the present time (RFC 7519 §4.1.4, §4.1.5).
 * @returns the time from which the proof is too old, in milliseconds
 * @throws OAuthError `dpop_proof_time`
 */
export function checkTimes({ iat, nbf, exp }: ProofClaims, { clock, tolerance = TOLERANCE }: ProofContext): number {
  const now = toSeconds(clock.now())
  const wrong = (detail: Readonly<Record<string, number>>) =>
    new OAuthError('dpop_proof_time', { detail: { ...detail, now, allowed: tolerance } })
  if (Math.abs(now - iat) > tolerance) throw wrong({ iat, seconds_behind: now - iat })
  if (nbf !== undefined && nbf - now > tolerance) throw wrong({ nbf, seconds_ahead: nbf - now })
  if (exp !== undefined && now - exp > tolerance) throw wrong({ exp, seconds_late: now - exp })
  return (Math.floor(iat + tolerance) + 1) * 1000
}

/**
 * A nonce that is there must be right, even where none is required (RFC 9449 §8).
 * @throws OAuthError `dpop_nonce_missing`, `dpop_nonce_stale`
 */
export function checkNonce({ nonce }: ProofClaims, { nonces, isNonceRequired }: ProofContext): void {
  const headers = { 'DPoP-Nonce': nonces.current() }
  if (nonce === undefined) {
    if (isNonceRequired) throw new OAuthError('dpop_nonce_missing', { headers })
  } else if (!nonces.accepts(nonce)) {
    throw new OAuthError('dpop_nonce_stale', { headers, detail: { received: received(nonce) } })
  }
}

/** Whether the proof is for the token that it comes with, if any. @throws OAuthError `dpop_proof_token` */
export function checkAccessToken(ath: unknown, { accessToken }: ProofContext): void {
  if (accessToken === undefined) return
  const expected = hash('sha256', accessToken, 'base64url')
  if (ath !== expected) throw new OAuthError('dpop_proof_token', { detail: { expected, received: received(ath) } })
}
