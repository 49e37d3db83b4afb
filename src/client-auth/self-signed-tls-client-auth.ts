import { verifyCertificate } from './certificate.ts'
import { refusal } from './certificates/refusals.ts'
import type { ClientAuthContext, Sender, VerifiedCredential } from './context.ts'
import type { PresentedClientCertificate } from './presented.ts'

/** Verifies a certificate that the client made itself, and registered by its thumbprint (RFC 8705 §2.2). */
export const verifySelfSignedTlsClientAuth = (
  context: ClientAuthContext,
  presented: PresentedClientCertificate,
  sender: Sender,
): Promise<VerifiedCredential> =>
  verifyCertificate(context, presented, sender, ({ matcher }) => {
    // Anyone can put any name into a self-signed certificate.
    if (!('thumbprint' in matcher)) {
      throw refusal('certificate_untrusted', { detail: { problem: 'self_signed', registered: matcher } })
    }
    context.certificates.requireFit(presented.certificate)
  })
