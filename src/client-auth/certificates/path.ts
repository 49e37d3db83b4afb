import type { X509Certificate } from 'node:crypto'
import { type CertificateContents, contentsOf, EXTENSION, PURPOSE } from '../../crypto/x509/contents.ts'
import { isSameName } from '../../crypto/x509/distinguished-name.ts'
import { publicKeyOf, weaknessOf } from '../../crypto/x509/strength.ts'
import { toSeconds } from '../../platform/clock.ts'
import { type CertificateProblem, problemWith } from './problems.ts'

/** What may be critical: what is checked here, and what adds nothing where every policy will do (RFC 5280 §6.1.1 (c)). */
const KNOWN = new Set<string>([...Object.values(EXTENSION), '2.5.29.14', '2.5.29.32', '2.5.29.35'])

/**
 * Whether a path, whose names and signatures fit, may be used (RFC 5280 §6.1.3-6.1.5).
 * @param path from the client's certificate to the anchor @param now milliseconds since the epoch
 */
export function checkPath(path: readonly X509Certificate[], now: number): CertificateProblem | undefined {
  let authorities = 0
  for (const [index, certificate] of path.entries()) {
    const isAnchor = index === path.length - 1
    const problem =
      index === 0
        ? (checkCertificate(certificate, now) ?? checkSignature(certificate))
        : (checkAuthority(certificate, authorities, now) ?? (isAnchor ? undefined : checkSignature(certificate)))
    if (problem !== undefined) return problem
    // RFC 5280 §4.2.1.9: an authority that certifies its own new key does not count.
    if (index > 0 && !isSelfIssued(contentsOf(certificate))) authorities += 1
  }
  // OpenSSL's own opinion, key identifiers included (RFC 5280 §4.2.1.1); last, as it does not say what it minds.
  const misfit = path.find((certificate, index) => {
    const issuer = path[index + 1]
    return issuer !== undefined && !certificate.checkIssued(issuer)
  })
  return misfit === undefined ? undefined : problemWith(misfit, 'not_issued')
}

/**
 * Whether a client's certificate may be used, whoever signed it: its dates, its key, what the key is for. It is all
 * there is to check of a self-signed one (RFC 8705 §2.2).
 * @param now milliseconds since the epoch
 * @throws OAuthError `certificate_malformed`
 */
export function checkCertificate(leaf: X509Certificate, now: number): CertificateProblem | undefined {
  const { keyUsage } = contentsOf(leaf)
  const problem = checkCommon(leaf, now)
  if (problem !== undefined) return problem
  // TLS signs with the key (RFC 8446 §4.4.2.4).
  return keyUsage?.digitalSignature === false ? problemWith(leaf, 'key_usage') : undefined
}

/** @param following the authorities between this one and the client's certificate */
function checkAuthority(authority: X509Certificate, following: number, now: number): CertificateProblem | undefined {
  const { basicConstraints, keyUsage, extensions } = contentsOf(authority)
  if (basicConstraints?.isAuthority !== true) return problemWith(authority, 'not_a_ca')
  if (keyUsage?.keyCertSign === false) return problemWith(authority, 'may_not_sign')
  const { pathLength } = basicConstraints
  if (pathLength !== undefined && following > pathLength) {
    return problemWith(authority, 'path_too_long', { allowed: pathLength, received: following })
  }
  // Critical or not: to overlook them would be to trust an authority with names that were kept from it.
  if (extensions.has(EXTENSION.nameConstraints)) return problemWith(authority, 'name_constraints')
  return checkCommon(authority, now)
}

function checkCommon(certificate: X509Certificate, now: number): CertificateProblem | undefined {
  const { extensions, extendedKeyUsage, notBefore, notAfter } = contentsOf(certificate)
  const at = new Date(now).toISOString()
  // RFC 5280 §4.1.2.5: both ends belong to it, in whole seconds.
  if (toSeconds(now) < toSeconds(notBefore.getTime())) {
    return problemWith(certificate, 'not_yet_valid', { not_before: notBefore.toISOString(), now: at })
  }
  if (toSeconds(now) > toSeconds(notAfter.getTime())) {
    return problemWith(certificate, 'expired', { not_after: notAfter.toISOString(), now: at })
  }
  const weakness = weaknessOf(publicKeyOf(certificate))
  if (weakness !== undefined) return problemWith(certificate, 'weak_key', { received: weakness })
  const unknown = [...extensions].find(([oid, isCritical]) => isCritical && !KNOWN.has(oid))
  if (unknown !== undefined) return problemWith(certificate, 'unknown_critical_extension', { extension: unknown[0] })
  if (extendedKeyUsage === undefined) return undefined
  const isForClients = extendedKeyUsage.some((usage) => usage === PURPOSE.clientAuth || usage === PURPOSE.any)
  return isForClients
    ? undefined
    : problemWith(certificate, 'extended_key_usage', { received: extendedKeyUsage.slice(0, 10) })
}

function checkSignature(certificate: X509Certificate): CertificateProblem | undefined {
  const { name, isStrong } = contentsOf(certificate).signatureAlgorithm
  return isStrong ? undefined : problemWith(certificate, 'weak_signature', { received: name })
}

const isSelfIssued = ({ subject, issuer }: CertificateContents): boolean => isSameName(subject, issuer)
