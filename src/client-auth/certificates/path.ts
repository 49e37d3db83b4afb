import type { Certificate } from '../../crypto/x509/certificate.ts'
import { EXTENSION, PURPOSE } from '../../crypto/x509/contents.ts'
import { publicKeyOf, weaknessOf } from '../../crypto/x509/strength.ts'
import { toSeconds } from '../../platform/clock.ts'
import { type CertificateProblem, problemWith } from './problems.ts'

/**
 * The extensions that may be critical. We check them, or they restrict nothing, since every policy is accepted
 * (RFC 5280 §6.1.1 (c)).
 */
const KNOWN = new Set<string>([...Object.values(EXTENSION), '2.5.29.14', '2.5.29.32', '2.5.29.35'])

/**
 * Checks a path whose names and signatures already fit (RFC 5280 §6.1.3-6.1.5).
 * @param path leads from the client's certificate to the anchor @param now milliseconds since the epoch
 */
export function checkPath(path: readonly Certificate[], now: number): CertificateProblem | undefined {
  let authorities = 0
  for (const [index, certificate] of path.entries()) {
    const isAnchor = index === path.length - 1
    const problem =
      index === 0
        ? (checkCertificate(certificate, now) ?? checkSignature(certificate))
        : (checkAuthority(certificate, authorities, now) ?? (isAnchor ? undefined : checkSignature(certificate)))
    if (problem !== undefined) return problem
    // RFC 5280 §4.2.1.9: self-issued certificates, such as for an authority's new key, don't count.
    if (index > 0 && !certificate.isSelfIssued) authorities += 1
  }
  // OpenSSL's own check includes key identifiers (RFC 5280 §4.2.1.1). It comes last, since it does not say what is wrong.
  const misfit = path.find((certificate, index) => {
    const issuer = path[index + 1]
    return issuer !== undefined && !certificate.x509.checkIssued(issuer.x509)
  })
  return misfit === undefined ? undefined : problemWith(misfit, 'not_issued')
}

/**
 * Checks the dates, the key and the key usage of a client's certificate, but not its issuer. A self-signed certificate needs no
 * other check (RFC 8705 §2.2).
 * @param now milliseconds since the epoch
 * @throws MalformedCertificate
 */
export function checkCertificate(leaf: Certificate, now: number): CertificateProblem | undefined {
  const { keyUsage } = leaf.contents
  const problem = checkCommon(leaf, now)
  if (problem !== undefined) return problem
  // TLS clients sign with the key (RFC 8446 §4.4.2.4).
  return keyUsage?.digitalSignature === false ? problemWith(leaf, 'key_usage') : undefined
}

/** @param following the number of authorities between this one and the client's certificate */
function checkAuthority(authority: Certificate, following: number, now: number): CertificateProblem | undefined {
  const { basicConstraints, keyUsage, extensions } = authority.contents
  if (basicConstraints?.isAuthority !== true) return problemWith(authority, 'not_a_ca')
  if (keyUsage?.keyCertSign === false) return problemWith(authority, 'may_not_sign')
  const { pathLength } = basicConstraints
  if (pathLength !== undefined && following > pathLength) {
    return problemWith(authority, 'path_too_long', { allowed: pathLength, received: following })
  }
  // Refuse name constraints even if they are not critical. Otherwise the authority could certify names that it may not.
  if (extensions.has(EXTENSION.nameConstraints)) return problemWith(authority, 'name_constraints')
  return checkCommon(authority, now)
}

function checkCommon(certificate: Certificate, now: number): CertificateProblem | undefined {
  const { extensions, extendedKeyUsage, notBefore, notAfter } = certificate.contents
  const at = new Date(now).toISOString()
  // RFC 5280 §4.1.2.5: the validity period includes both ends, in whole seconds.
  if (toSeconds(now) < toSeconds(notBefore.getTime())) {
    return problemWith(certificate, 'not_yet_valid', { not_before: notBefore.toISOString(), now: at })
  }
  if (toSeconds(now) > toSeconds(notAfter.getTime())) {
    return problemWith(certificate, 'expired', { not_after: notAfter.toISOString(), now: at })
  }
  const weakness = weaknessOf(publicKeyOf(certificate.x509))
  if (weakness !== undefined) return problemWith(certificate, 'weak_key', { received: weakness })
  const unknown = [...extensions].find(([oid, isCritical]) => isCritical && !KNOWN.has(oid))
  if (unknown !== undefined) return problemWith(certificate, 'unknown_critical_extension', { extension: unknown[0] })
  if (extendedKeyUsage === undefined) return undefined
  const isForClients = extendedKeyUsage.some((usage) => usage === PURPOSE.clientAuth || usage === PURPOSE.any)
  return isForClients
    ? undefined
    : problemWith(certificate, 'extended_key_usage', { received: extendedKeyUsage.slice(0, 10) })
}

function checkSignature(certificate: Certificate): CertificateProblem | undefined {
  const { name, isStrong } = certificate.contents.signatureAlgorithm
  return isStrong ? undefined : problemWith(certificate, 'weak_signature', { received: name })
}
