import type { AsymmetricAlgorithm } from '../crypto/jws/algorithms.ts'
import { type ReadCertificate, requireReadable } from '../crypto/x509/peer.ts'
import type { RequiredProof } from '../model/api.ts'
import type { ReplayMarks } from './context.ts'
import { checkDpopProof } from './dpop.ts'
import type { DpopNonces } from './nonce.ts'
import type { ProofKeys } from './proof-keys.ts'
import { refusal } from './refusals.ts'

/**
 * The one key that a token is bound to (RFC 7800 §3.1): the key of a proof (RFC 9449 §6.1), or of a certificate (RFC 8705 §3.1).
 */
export type Confirmation = { readonly jkt: string } | { readonly 'x5t#S256': string }

/** The proofs of possession of a request. */
export interface Proofs {
  /** The `DPoP` header as Node gives it: several headers as an array, or joined by commas. */
  readonly dpop: string | readonly string[] | undefined
  readonly certificate: ReadCertificate
  /** The path of the request. A proof is for this address of an endpoint alone, even if it has others (RFC 9449 §4.3). */
  readonly path: string
}

/** The parts of the server on which the verification of proofs depends. */
export interface ProofVerifier {
  readonly marks: ReplayMarks
  readonly keys: ProofKeys
  readonly nonces: DpopNonces
  readonly isNonceRequired: boolean
  /** The algorithms that may sign proofs. */
  readonly algorithms: readonly AsymmetricAlgorithm[]
  /** Scheme, host and port at which clients reach this server. */
  readonly origin: string
}

/** The settings of a client or an API that decide how its tokens are bound. */
interface Party {
  readonly require: RequiredProof | undefined
  readonly bindsToCertificate?: boolean
}

/** Which proofs of possession a request has. */
export interface PresentProofs {
  readonly dpop: boolean
  readonly certificate: boolean
}

/** The kind of key that a token is bound to. */
export type Binding = 'dpop' | 'certificate'

/** @throws MalformedCertificate */
export const presentIn = ({ dpop, certificate }: Proofs): PresentProofs => ({
  dpop: dpop !== undefined,
  certificate: requireReadable(certificate) !== undefined,
})

/**
 * Chooses the key that the token will be bound to, and refuses a request without the proof that its client or an API
 * requires. The proof is not verified yet, so that a request that fails anyway does not use it up.
 * - A token is bound to one key, since a resource server checks every member of `cnf`. A client that sends a proof uses
 * its certificate at this server alone.
 * - A certificate binds the token only if the client or an API asks for it (RFC 8705 §3.4). Many connections have a
 * certificate that has nothing to do with the token.
 * @returns undefined if the token is not bound
 * @throws Refusal `dpop_required` (RFC 9449 §5.2), `certificate_required`, `dpop_refused`, or
 * `sender_constraint_required`
 */
export function chooseBinding(
  { dpop: hasProof, certificate: hasCertificate }: PresentProofs,
  parties: readonly Party[],
): Binding | undefined {
  for (const { require } of parties) {
    if (require === 'dpop' && !hasProof) throw refusal('dpop_required')
    if (require === 'certificate_bound' && hasProof) throw refusal('dpop_refused')
    if (require === 'certificate_bound' && !hasCertificate) throw refusal('certificate_required')
    if (require === 'sender_constrained' && !hasProof && !hasCertificate) {
      throw refusal('sender_constraint_required')
    }
  }
  if (hasProof) return 'dpop'
  const isAsked = parties.some(({ require, bindsToCertificate }) => require !== undefined || bindsToCertificate)
  return hasCertificate && isAsked ? 'certificate' : undefined
}

/**
 * Verifies the proof of the key that the token is to be bound to.
 * @param now milliseconds
 * @throws Refusal `invalid_dpop_proof`, `use_dpop_nonce`
 */
export async function verifyProof(
  verifier: ProofVerifier,
  proofs: Proofs,
  binding: Binding,
  now: number,
): Promise<Confirmation | undefined> {
  if (binding === 'dpop') {
    const { keys, marks, nonces, isNonceRequired, algorithms, origin } = verifier
    const uris = [origin + proofs.path]
    return checkDpopProof(proofs.dpop, { keys, marks, nonces, isNonceRequired, algorithms, method: 'POST', uris, now })
  }
  const certificate = requireReadable(proofs.certificate)
  return certificate && { 'x5t#S256': certificate.thumbprint }
}
