import type { X509Certificate } from 'node:crypto'
import { contentsOf } from '../../crypto/x509/contents.ts'
import { formatName } from '../../crypto/x509/distinguished-name.ts'
import { thumbprintOf } from '../../crypto/x509/peer.ts'
import type { CertificateMatcher } from '../../model/credentials/certificate-subject.ts'
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

/**
 * What was registered beside what the certificate has of that kind: the detail of `certificate_mismatch`.
 * @throws OAuthError `certificate_malformed`
 */
export function explainMismatch(leaf: X509Certificate, wanted: CertificateMatcher) {
  const [[kind = '', value = ''] = []] = Object.entries(wanted)
  return { expected: cut(`${kind}: ${value}`), received: receivedOf(leaf, kind) }
}

function receivedOf(leaf: X509Certificate, kind: string): string | readonly string[] {
  if (kind === 'subject_dn') return describe(leaf).subject
  if (kind === 'thumbprint') return thumbprintOf(leaf)
  const prefix = `${kind.slice('san_'.length)}:`
  return listNames(leaf)
    .filter((name) => name.startsWith(prefix))
    .slice(0, MOST_NAMES)
    .map(cut)
}

const listNames = (leaf: X509Certificate): readonly string[] =>
  Object.entries(contentsOf(leaf).names).flatMap(([kind, names]) => names.map((name: string) => `${kind}:${name}`))
