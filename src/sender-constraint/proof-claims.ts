import type { CompactJws } from '../crypto/jws/compact.ts'
import { received } from '../crypto/jws/received.ts'
import { CLOCK_SKEW_MS, isNumericDate, toSeconds } from '../platform/clock.ts'
import type { ProofContext } from './context.ts'
import { isSameTarget } from './htu.ts'
import { refusal } from './refusals.ts'

/** The claims of a proof, each of the right type. */
export interface ProofClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  readonly iat: number
  readonly nbf: number | undefined
  readonly exp: number | undefined
  readonly nonce: string | undefined
  readonly ath: string | undefined
}

/**
 * The accepted difference of times, in seconds (RFC 9449 §11.1; FAPI 2.0 §5.3.2.1 for `iat` and `nbf` in the future).
 */
const TOLERANCE = toSeconds(CLOCK_SKEW_MS)
/** The most characters of a `jti`. A long one could fill the memory (RFC 9449 §11.1), and 96 bits are enough (§4.2). */
const LONGEST_JTI = 256

/**
 * Reads the claims that every proof must have (RFC 9449 §4.2) or may have (RFC 7519 §4.1).
 * @throws Refusal `dpop_proof_claims`
 */
export function parseClaims({ jti, htm, htu, iat, nbf, exp, nonce, ath }: CompactJws['claims']): ProofClaims {
  const wrong = (claim: string, value: unknown) =>
    refusal('dpop_proof_claims', { detail: { claim, received: received(value) } })
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI) throw wrong('jti', jti)
  if (typeof htm !== 'string') throw wrong('htm', htm)
  if (typeof htu !== 'string') throw wrong('htu', htu)
  if (!isNumericDate(iat)) throw wrong('iat', iat)
  if (nbf !== undefined && !isNumericDate(nbf)) throw wrong('nbf', nbf)
  if (exp !== undefined && !isNumericDate(exp)) throw wrong('exp', exp)
  if (nonce !== undefined && typeof nonce !== 'string') throw wrong('nonce', nonce)
  return { jti, htm, htu, iat, nbf, exp, nonce, ath: typeof ath === 'string' ? ath : undefined }
}

/** Checks that the proof is for this request. @throws Refusal `dpop_proof_htm`, `dpop_proof_htu`, `dpop_proof_ath` */
export function checkRequest({ htm, htu, ath }: ProofClaims, { method, uris, accessTokenHash }: ProofContext): void {
  if (htm !== method) {
    throw refusal('dpop_proof_htm', { detail: { expected: method, received: received(htm) } })
  }
  if (!uris.some((uri) => isSameTarget(uri, htu))) {
    throw refusal('dpop_proof_htu', { detail: { expected: uris, received: received(htu) } })
  }
  if (accessTokenHash !== undefined && ath !== accessTokenHash) {
    throw refusal('dpop_proof_ath', { detail: { expected: accessTokenHash, received: received(ath) } })
  }
}

/**
 * Checks that `iat`, `nbf` and `exp` all fit the present time (RFC 7519 §4.1.4, §4.1.5).
 * @returns the time from which the proof is too old, in milliseconds
 * @throws Refusal `dpop_proof_time`
 */
export function checkTimes({ iat, nbf, exp }: ProofClaims, { now: at }: ProofContext): number {
  const now = toSeconds(at)
  const wrong = (detail: Readonly<Record<string, number>>) =>
    refusal('dpop_proof_time', { detail: { ...detail, now, allowed: TOLERANCE } })
  if (Math.abs(now - iat) > TOLERANCE) throw wrong({ iat, seconds_behind: now - iat })
  if (nbf !== undefined && nbf - now > TOLERANCE) throw wrong({ nbf, seconds_ahead: nbf - now })
  if (exp !== undefined && now - exp > TOLERANCE) throw wrong({ exp, seconds_late: now - exp })
  return (Math.floor(iat + TOLERANCE) + 1) * 1000
}

/**
 * Checks the nonce. If the proof has one, it must be right, even if none is required (RFC 9449 §8).
 * @throws Refusal `dpop_nonce_missing`, `dpop_nonce_stale`
 */
export function checkNonce({ nonce }: ProofClaims, { nonces, isNonceRequired }: ProofContext): void {
  const dpopNonce = nonces.current()
  if (nonce === undefined) {
    if (isNonceRequired) throw refusal('dpop_nonce_missing', { dpopNonce })
  } else if (!nonces.accepts(nonce)) {
    throw refusal('dpop_nonce_stale', { dpopNonce, detail: { received: received(nonce) } })
  }
}
