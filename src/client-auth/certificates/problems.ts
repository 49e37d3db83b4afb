import type { Certificate } from '../../crypto/x509/certificate.ts'
import { formatName } from '../../crypto/x509/distinguished-name.ts'
import { cut } from '../../platform/text.ts'

/** Every reason to refuse a path to an anchor, with the text for administrators. */
const problems = {
  no_path: 'No trust anchor, and none of the certificates sent along, has issued the certificate.',
  chain_too_long: 'More certificates were sent along, or are needed to reach a trust anchor, than are accepted.',
  expired: 'The certificate has expired.',
  not_yet_valid: 'The certificate is not valid yet.',
  not_a_ca: 'The issuer is not an authority: its basicConstraints lack CA:TRUE (RFC 5280 §4.2.1.9).',
  may_not_sign: 'The keyUsage of the issuer lacks keyCertSign (RFC 5280 §4.2.1.3).',
  path_too_long: 'More authorities follow the issuer than its pathLenConstraint allows (RFC 5280 §4.2.1.9).',
  not_issued: 'Issuer and certificate do not fit together.',
  key_usage: 'The keyUsage of the certificate lacks digitalSignature (RFC 5280 §4.2.1.3).',
  extended_key_usage: 'The extendedKeyUsage has neither clientAuth nor anyExtendedKeyUsage (RFC 5280 §4.2.1.12).',
  weak_key: 'The key is too weak, too large or of an unknown kind.',
  weak_signature: 'The certificate is signed with an algorithm that is broken or unknown.',
  name_constraints: 'The authority has name constraints (RFC 5280 §4.2.1.10), which are not supported.',
  unknown_critical_extension: 'An extension is critical and not known here (RFC 5280 §4.2).',
} as const satisfies Record<string, string>

type Problem = keyof typeof problems

/** The reason why a certificate is refused. Callers throw a refusal for it. */
export interface CertificateProblem {
  readonly reason: 'certificate_untrusted' | 'certificate_expired' | 'certificate_not_yet_valid'
  readonly detail: Readonly<Record<string, unknown>> & { readonly problem: Problem }
}

/** @param certificate the certificate with the problem, which need not be the client's own */
export function problemWith(
  certificate: Certificate,
  problem: Problem,
  more: Readonly<Record<string, unknown>> = {},
): CertificateProblem {
  const subject = cut(formatName(certificate.contents.subject))
  return { reason: reasonOf(problem), detail: { problem, meaning: problems[problem], subject, ...more } }
}

function reasonOf(problem: Problem): CertificateProblem['reason'] {
  if (problem === 'expired') return 'certificate_expired'
  return problem === 'not_yet_valid' ? 'certificate_not_yet_valid' : 'certificate_untrusted'
}
