import { MalformedCertificate } from '../../crypto/x509/malformed-certificate.ts'
import type { PresentedCertificate } from '../../crypto/x509/peer.ts'
import { Refusal } from '../../oauth/refusal.ts'
import type { Clock } from '../../platform/clock.ts'
import { UserError } from '../../platform/user-error.ts'
import { TrustAnchors } from './anchors.ts'
import { checkChain } from './chain.ts'
import { checkCertificate } from './path.ts'
import type { CertificateProblem } from './problems.ts'
import { refusal } from './refusals.ts'

/** A path of signatures takes as long to check as two tokens to sign: often enough once a minute. */
const TRUSTED_MS = 60_000

/** Whether certificates count, by the authorities that the configuration names. */
export class CertificateCheck {
  #anchors: TrustAnchors | undefined
  readonly #clock: Clock
  /** Until when a certificate, which is the same object for as long as its connection, is known to be good. */
  #trusted = new WeakMap<PresentedCertificate, number>()

  /** @param authorities PEM; undefined where no authority is trusted @throws UserError where it has no authority */
  constructor(authorities: string | undefined, clock: Clock) {
    this.#anchors = authorities === undefined ? undefined : parseAnchors(authorities)
    this.#clock = clock
  }

  /**
   * Reads other authorities. @throws UserError as the constructor does
   * @returns what puts them in the place of those before, for connections that there are, too
   */
  prepareAuthorities(authorities: string | undefined): () => void {
    const anchors = authorities === undefined ? undefined : parseAnchors(authorities)
    return () => {
      this.#anchors = anchors
      this.#trusted = new WeakMap()
    }
  }

  /** Requires that an authority of ours stands behind it (RFC 8705 §2.1). @throws Refusal `certificate_…` */
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
   * Remembers what of a chain leads to an authority of ours: a client that begins its session with another request, such
   * as for metadata, comes with a token request over a resumed one, which has lost the chain.
   */
  learn(presented: PresentedCertificate): void {
    const anchors = this.#anchors
    if (anchors === undefined || presented.chain.every((certificate) => anchors.knows(certificate))) return
    try {
      checkChain(presented, anchors, this.#clock.now())
    } catch (error) {
      // Refused when it is used, if it ever is.
      if (!(error instanceof Refusal || error instanceof MalformedCertificate)) throw error
    }
  }

  /** Requires that it may be used, whoever issued it: it is known by its thumbprint (RFC 8705 §2.2). @throws Refusal `certificate_…` */
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
