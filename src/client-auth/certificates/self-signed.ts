import type { X509Certificate } from 'node:crypto'
import { contentsOf } from '../../crypto/x509/contents.ts'
import { isSameName } from '../../crypto/x509/distinguished-name.ts'
import { costOf, publicKeyOf } from '../../crypto/x509/strength.ts'

const known = new WeakMap<X509Certificate, boolean>()

/**
 * Whether a certificate is signed with its own key (RFC 5280 §3.2). The signature decides, not the names. The key usage does not
 * matter: a certificate for TLS alone may be self-signed, too.
 * @throws MalformedCertificate
 */
export function isSelfSigned(certificate: X509Certificate): boolean {
  const before = known.get(certificate)
  if (before !== undefined) return before
  const { subject, issuer } = contentsOf(certificate)
  const key = isSameName(subject, issuer) ? publicKeyOf(certificate) : undefined
  const result = key !== undefined && costOf(key) !== undefined && certificate.verify(key)
  known.set(certificate, result)
  return result
}
