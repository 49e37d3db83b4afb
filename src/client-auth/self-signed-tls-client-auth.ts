import { presentCertificate } from './certificate.ts'
import { refusal } from './certificates/refusals.ts'
import type { ClientAuthMethod } from './method.ts'

/** A certificate that the client made itself, and registered by its thumbprint (RFC 8705 §2.2). */
export const selfSignedTlsClientAuth: ClientAuthMethod = {
  present: (request) =>
    presentCertificate(request, true, ({ certificates }, { matcher }, certificate) => {
      // Anybody can write any name into a certificate of their own.
      if (!('thumbprint' in matcher)) {
        throw refusal('certificate_untrusted', { detail: { problem: 'self_signed', registered: matcher } })
      }
      certificates.requireFit(certificate)
    }),
}
