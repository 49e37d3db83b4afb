import type { X509Certificate } from 'node:crypto'
import { contentsOf } from '../../crypto/x509/contents.ts'
import { formatName } from '../../crypto/x509/distinguished-name.ts'
import { thumbprintOf } from '../../crypto/x509/peer.ts'
import { cut } from '../../platform/text.ts'

/** Names that an explanation has room for. */
const MOST_NAMES = 20

/** What an administrator is shown of a certificate. */
export interface CertificateDescription {
  /** As RFC 4514 has it: what to register as `subject_dn`. */
  readonly subject: string
  readonly issuer: string
  /** Each with its kind: `dns:example.com`. */
  readonly sans: readonly string[]
  readonly thumbprint: string
  /** ISO 8601. */
  readonly not_before: string
  readonly not_after: string
}

/** @throws OAuthError `certificate_malformed` */
export function describe(leaf: X509Certificate): CertificateDescription {
  const { subject, issuer, notBefore, notAfter } = contentsOf(leaf)
  return {
    subject: cut(formatName(subject)),
    issuer: cut(formatName(issuer)),
    sans: listNames(leaf).slice(0, MOST_NAMES).map(cut),
    thumbprint: thumbprintOf(leaf),
    not_before: notBefore.toISOString(),
    not_after: notAfter.toISOString(),
  }
}

const listNames = (leaf: X509Certificate): readonly string[] =>
  Object.entries(contentsOf(leaf).names).flatMap(([kind, names]) => names.map((name: string) => `${kind}:${name}`))
