import { verifyCertificate } from './certificate.ts'
import type { ClientAuthContext, Sender, VerifiedCredential } from './context.ts'
import type { PresentedClientCertificate } from './presented.ts'

/**
 * Verifies a certificate of a trusted authority with the name that the client registered (RFC 8705 §2.1). If the client
 * registered a thumbprint instead, the certificate may have any issuer.
 */
export const verifyTlsClientAuth = (
  context: ClientAuthContext,
  presented: PresentedClientCertificate,
  sender: Sender,
): Promise<VerifiedCredential> =>
  verifyCertificate(context, presented, sender, ({ matcher }) => {
    if ('thumbprint' in matcher) context.certificates.requireFit(presented.certificate)
    else context.certificates.requireTrusted(presented.certificate)
  })
