import { presentCertificate } from './certificate.ts'
import type { ClientAuthMethod } from './method.ts'

/**
 * A certificate of an authority that we trust, in which stands the name that the client registered (RFC 8705 §2.1); or one
 * that it registered by its thumbprint, whoever issued it.
 */
export const tlsClientAuth: ClientAuthMethod = {
  present: (request) =>
    presentCertificate(request, false, ({ certificates }, { matcher }, certificate) => {
      if ('thumbprint' in matcher) certificates.requireFit(certificate)
      else certificates.requireTrusted(certificate)
    }),
}
