import { MalformedCertificate } from '../../crypto/x509/malformed-certificate.ts'
import type { PresentedCertificate } from '../../crypto/x509/peer.ts'
import type { Clock } from '../../platform/clock.ts'
import { UserError } from '../../platform/user-error.ts'
import { TrustAnchors } from './anchors.ts'
import { checkChain } from './chain.ts'
import { checkCertificate } from './path.ts'
import type { CertificateProblem } from './problems.ts'
import { refusal } from './refusals.ts'

/** Checking a path takes as long as signing two tokens, so a result is kept for a minute. */
const TRUSTED_MS = 60_000

/** Checks client certificates against the configured authorities. */
export class CertificateCheck {
  #anchors: TrustAnchors | undefined
  readonly #clock: Clock
  /** The time until which a certificate is trusted without a check. Its object lives as long as its connection. */
  #trusted = new WeakMap<PresentedCertificate, number>()

  /** @param authorities PEM; undefined if no authority is trusted @throws UserError if the PEM has no authority */
  constructor(authorities: string | undefined, clock: Clock) {
    this.#anchors = authorities === undefined ? undefined : parseAnchors(authorities)
    this.#clock = clock
  }

  /**
   * Reads new authorities. @throws UserError as the constructor does
   * @returns a function that puts them in use, also for existing connections
   */
  prepareAuthorities(authorities: string | undefined): () => void {
    const anchors = authorities === undefined ? undefined : parseAnchors(authorities)
    return () => {
      this.#anchors = anchors
      this.#trusted = new WeakMap()
    }
  }

  /** Requires a certificate of a trusted authority (RFC 8705 §2.1). @throws Refusal `certificate_…` */
  requireTrusted(presented: PresentedCertificate): void {
    if (this.#anchors === undefined) {
      throw refusal('certificate_untrusted', { detail: { problem: 'tls.client_ca is not configured' } })
    }
    const now = this.#clock.now()
    if (now < (this.#trusted.get(presented) ?? 0)) return
    refuse(checkChain(presented, this.#anchors, now))
    this.#trusted.set(presented, now + TRUSTED_MS)
  }

  /**
   * Remembers the intermediates that lead to a trusted authority. A client may begin its TLS session with another request, such as
   * for metadata. If it then resumes the session for a token request, its chain is no longer available.
   */
  learn(presented: PresentedCertificate): void {
    const anchors = this.#anchors
    if (anchors === undefined || presented.chain.every((certificate) => anchors.knows(certificate))) return
    try {
      checkChain(presented, anchors, this.#clock.now())
    } catch (error) {
      // The certificate is refused when a client uses it, if it ever does.
      if (!(error instanceof MalformedCertificate)) throw error
    }
  }

  /**
   * Requires a valid certificate of any issuer. The thumbprint identifies it instead (RFC 8705 §2.2).
   * @throws Refusal `certificate_…`
   */
  requireFit({ leaf }: PresentedCertificate): void {
    refuse(checkCertificate(leaf, this.#clock.now()))
  }
}

function refuse(problem: CertificateProblem | undefined): void {
  if (problem !== undefined) throw refusal(problem.reason, { detail: problem.detail })
}

/** @throws UserError that names the option */
function parseAnchors(pem: string): TrustAnchors {
  try {
    return TrustAnchors.parse(pem)
  } catch (error) {
    throw error instanceof UserError ? new UserError(`tls.client_ca: ${error.message}`) : error
  }
}
