import type { Certificate } from '../../crypto/x509/certificate.ts'
import { formatName } from '../../crypto/x509/distinguished-name.ts'
import { thumbprintOf } from '../../crypto/x509/peer.ts'
import { cut } from '../../platform/text.ts'

/** The most names in an explanation. */
const MOST_NAMES = 20

/** The description of a certificate for administrators. */
export interface CertificateDescription {
  /** The subject in the form of RFC 4514. It can be registered as `subject_dn`. */
  readonly subject: string
  readonly issuer: string
  /** The subject alternative names, each with its kind, such as `dns:example.com`. */
  readonly sans: readonly string[]
  readonly thumbprint: string
  /** ISO 8601. */
  readonly not_before: string
  readonly not_after: string
}

/** @throws MalformedCertificate */
export function describe(leaf: Certificate): CertificateDescription {
  const { subject, issuer, notBefore, notAfter } = leaf.contents
  return {
    subject: cut(formatName(subject)),
    issuer: cut(formatName(issuer)),
    sans: listNames(leaf).slice(0, MOST_NAMES).map(cut),
    thumbprint: thumbprintOf(leaf),
    not_before: notBefore.toISOString(),
    not_after: notAfter.toISOString(),
  }
}

const listNames = (leaf: Certificate): readonly string[] =>
  Object.entries(leaf.contents.names).flatMap(([kind, names]) => names.map((name: string) => `${kind}:${name}`))
