import {
  type AsymmetricAlgorithm,
  fitsKey,
  isAsymmetric,
  isSameAlgorithm,
  verifySignature,
} from '../crypto/jws/algorithms.ts'
import { type CompactJws, JwsError, mediaType, parseCompact } from '../crypto/jws/compact.ts'
import { received } from '../crypto/jws/received.ts'
import type { ProofContext } from './context.ts'
import { checkNonce, checkRequest, checkTimes, parseClaims } from './proof-claims.ts'
import type { ProofKeys } from './proof-keys.ts'
import { refusal } from './refusals.ts'

/** A key that the sender of the request has proven to hold. */
export interface ProvenKey {
  /** The RFC 7638 thumbprint, for `cnf.jkt` (RFC 9449 §6.1). */
  readonly jkt: string
}

/**
 * Checks the proof in the `DPoP` header of a request (RFC 9449 §4.3). Cheap checks come first, the mark in the database
 * last.
 * @param header as Node gives it: several headers are an array or joined by commas, and no proof has a comma
 * @returns undefined if there is no proof
 * @throws Refusal `dpop_…`: `invalid_dpop_proof`, or `use_dpop_nonce` with a fresh `DPoP-Nonce`
 */
export async function checkDpopProof(
  header: string | readonly string[] | undefined,
  context: ProofContext,
): Promise<ProvenKey | undefined> {
  const text = onlyProof(header)
  if (text === undefined) return undefined
  const jws = parseProof(text)
  const alg = checkHeader(jws, context)
  const claims = parseClaims(jws.claims)
  checkRequest(claims, context)
  const expiresAt = checkTimes(claims, context)
  checkNonce(claims, context)
  const jkt = checkSignature(jws, alg, context.keys)
  // The mark includes the key, so that nobody can use up the `jti` of another client.
  if (await context.marks.first(`dpop ${jkt}`, claims.jti, expiresAt)) return { jkt }
  throw refusal('dpop_proof_replayed', { detail: { jkt, jti: received(claims.jti) } })
}

function onlyProof(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const proofs = typeof header === 'string' ? header.split(',', 2) : header
  if (proofs.length > 1) throw refusal('dpop_proof_repeated')
  return proofs[0]
}

function parseProof(text: string): CompactJws {
  try {
    return parseCompact(text)
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    const { fault, detail } = error
    throw refusal('dpop_proof_malformed', {
      detail: { fault, ...(detail !== undefined && { received: detail }) },
    })
  }
}

function checkHeader({ header: { typ, alg } }: CompactJws, { algorithms }: ProofContext): AsymmetricAlgorithm {
  if (typ === undefined || mediaType(typ) !== 'dpop+jwt') {
    throw refusal('dpop_proof_typ', { detail: { expected: 'dpop+jwt', received: received(typ) } })
  }
  if (isAsymmetric(alg) && algorithms.some((allowed) => isSameAlgorithm(allowed, alg))) return alg
  throw refusal('dpop_proof_algorithm', { detail: { expected: algorithms, received: received(alg) } })
}

/** Checks the signature by the key in the proof. @returns the thumbprint of that key */
function checkSignature(
  { header, signingInput, signature }: CompactJws,
  alg: AsymmetricAlgorithm,
  keys: ProofKeys,
): string {
  const key = keys.parse(header.jwk)
  if (!fitsKey(alg, key) || (key.alg !== undefined && !isSameAlgorithm(alg, key.alg))) {
    throw refusal('dpop_proof_algorithm', { detail: { received: alg, key: key.alg ?? key.crv ?? key.kty } })
  }
  if (!verifySignature(alg, signingInput, key, signature)) {
    throw refusal('dpop_proof_signature', { detail: { alg, jkt: key.thumbprint } })
  }
  return key.thumbprint
}
