import type { IncomingHttpHeaders } from 'node:http'
import type { AsymmetricAlgorithm } from '../crypto/jws/algorithms.ts'
import type { PresentedCertificate } from '../crypto/x509/peer.ts'
import type { RequiredProof } from '../model/api.ts'
import { OAuthError } from '../oauth/error.ts'
import type { Clock } from '../platform/clock.ts'
import type { ReplayMarks } from './context.ts'
import { checkDpopProof } from './dpop.ts'
import type { DpopNonces } from './nonce.ts'
import type { ProofKeys } from './proof-keys.ts'

/**
 * The one key that a token is bound to (RFC 7800 §3.1): the key of a proof (RFC 9449 §6.1), or of a certificate (RFC 8705 §3.1).
 */
export type Confirmation = { readonly jkt: string } | { readonly 'x5t#S256': string }

/** What checking proofs needs of the process. */
export interface Prover {
  readonly clock: Clock
  readonly marks: ReplayMarks
  readonly keys: ProofKeys
  readonly nonces: DpopNonces
  readonly isNonceRequired: boolean
  /** The algorithms that may sign proofs. */
  readonly algorithms: readonly AsymmetricAlgorithm[]
  readonly tokenEndpoint: string
}

/** The part of a token request in which keys are proven. */
interface ProofRequest {
  readonly headers: IncomingHttpHeaders
  /** @throws OAuthError `certificate_malformed` */
  certificate(): PresentedCertificate | undefined
}

/** The settings of a client or an API that decide how its tokens are bound. */
interface Party {
  readonly require: RequiredProof | undefined
  readonly bindsToCertificate?: boolean
}

/** The kind of key that a token is bound to. */
type Binding = 'dpop' | 'certificate'

/**
 * Chooses the key that the token will be bound to, and refuses a request without the proof that its client or an API requires. A
 * token is bound to one key: a resource server checks every member of `cnf`, and a client that sends a proof uses its certificate
 * at this server alone. A certificate binds the token only if the client or an API asks for it (RFC 8705 §3.4), since many
 * connections have a certificate that has nothing to do with the token. The proof is not checked yet, so that a request that
 * can't succeed does not use it up.
 * @returns undefined if the token is not bound
 * @throws OAuthError `dpop_required` (RFC 9449 §5.2), `certificate_required`, `dpop_refused`, `sender_constraint_required`,
 *   `certificate_malformed`
 */
export function chooseBinding(request: ProofRequest, parties: readonly Party[]): Binding | undefined {
  const hasProof = request.headers['dpop'] !== undefined
  const hasCertificate = request.certificate() !== undefined
  for (const { require } of parties) {
    if (require === 'dpop' && !hasProof) throw new OAuthError('dpop_required')
    if (require === 'certificate_bound' && hasProof) throw new OAuthError('dpop_refused')
    if (require === 'certificate_bound' && !hasCertificate) throw new OAuthError('certificate_required')
    if (require === 'sender_constrained' && !hasProof && !hasCertificate) {
      throw new OAuthError('sender_constraint_required')
    }
  }
  if (hasProof) return 'dpop'
  const isAsked = parties.some(({ require, bindsToCertificate }) => require !== undefined || bindsToCertificate)
  return hasCertificate && isAsked ? 'certificate' : undefined
}

/**
 * Proves the key that the token is to be bound to.
 * @throws OAuthError `invalid_dpop_proof`, `use_dpop_nonce`
 */
export async function prove(
  prover: Prover,
  request: ProofRequest,
  binding: Binding,
): Promise<Confirmation | undefined> {
  if (binding === 'dpop') {
    const uris = [prover.tokenEndpoint]
    return checkDpopProof(request.headers['dpop'], { ...prover, method: 'POST', uris })
  }
  const certificate = request.certificate()
  return certificate && { 'x5t#S256': certificate.thumbprint }
}
