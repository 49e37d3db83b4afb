import type { IncomingHttpHeaders } from 'node:http'
import type { PresentedCertificate } from '../certificates/peer.ts'
import type { RequiredProof } from '../directory/api.ts'
import { OAuthError } from '../oauth/error.ts'
import type { Clock } from '../platform/clock.ts'
import type { ReplayMarks } from './context.ts'
import { checkDpopProof } from './dpop.ts'
import type { DpopNonces } from './nonce.ts'

/** The keys that a token is bound to, as its `cnf` says it (RFC 7800 §3.1): of a proof (RFC 9449 §6.1), of a certificate (RFC 8705 §3.1). */
export interface Confirmation {
  readonly jkt?: string
  readonly 'x5t#S256'?: string
}

/** What checking proofs needs of the process. */
export interface Prover {
  readonly clock: Clock
  readonly marks: ReplayMarks
  readonly nonces: DpopNonces
  readonly isNonceRequired: boolean
  readonly tokenEndpoint: string
}

/** The part of a token request in which keys are proven. */
interface ProofRequest {
  readonly headers: IncomingHttpHeaders
  /** @throws OAuthError `certificate_malformed` */
  certificate(): PresentedCertificate | undefined
}

/**
 * The keys that the client has shown to have: whatever it proves, its token is bound to.
 * @returns undefined where it proves none
 * @throws OAuthError `invalid_dpop_proof`, `use_dpop_nonce`
 */
export async function prove(prover: Prover, request: ProofRequest): Promise<Confirmation> {
  const certificate = request.certificate()
  const proof = await checkDpopProof(request.headers['dpop'], {
    ...prover,
    method: 'POST',
    uris: [prover.tokenEndpoint],
  })
  return { ...(proof && { jkt: proof.jkt }), ...(certificate && { 'x5t#S256': certificate.thumbprint }) }
}

/** Whether there is anything to prove. */
export const hasProof = ({ headers, certificate }: ProofRequest): boolean =>
  headers['dpop'] !== undefined || certificate() !== undefined

/**
 * Refuses a request that lacks the proof that its client, or an API, requires. What is there is looked at afterwards: a
 * proof is not used up by a request that can't succeed.
 * @throws OAuthError `dpop_required` (RFC 9449 §5.2), `certificate_required` (RFC 8705 §3.4), `certificate_malformed`
 */
export function requireProof(
  { headers, certificate }: ProofRequest,
  requiring: readonly { readonly require: RequiredProof | undefined }[],
): void {
  for (const { require } of requiring) {
    if (require === 'dpop' && headers['dpop'] === undefined) throw new OAuthError('dpop_required')
    if (require === 'certificate_bound' && certificate() === undefined) throw new OAuthError('certificate_required')
  }
}
