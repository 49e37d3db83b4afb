import type { Certificate } from '../../crypto/x509/certificate.ts'
import { formatName } from '../../crypto/x509/distinguished-name.ts'
import { thumbprintOf } from '../../crypto/x509/peer.ts'
import type { CertificateMatcher } from '../../model/credentials/certificate-subject.ts'
import { cut } from './problems.ts'

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

/**
 * The detail of `certificate_mismatch`: the registered value, and the values of that kind in the certificate.
 * @throws MalformedCertificate
 */
export function explainMismatch(leaf: Certificate, wanted: CertificateMatcher) {
  const [[kind = '', value = ''] = []] = Object.entries(wanted)
  return { expected: cut(`${kind}: ${value}`), received: receivedOf(leaf, kind) }
}

function receivedOf(leaf: Certificate, kind: string): string | readonly string[] {
  if (kind === 'subject_dn') return describe(leaf).subject
  if (kind === 'thumbprint') return thumbprintOf(leaf)
  const prefix = `${kind.slice('san_'.length)}:`
  return listNames(leaf)
    .filter((name) => name.startsWith(prefix))
    .slice(0, MOST_NAMES)
    .map(cut)
}

const listNames = (leaf: Certificate): readonly string[] =>
  Object.entries(leaf.contents.names).flatMap(([kind, names]) => names.map((name: string) => `${kind}:${name}`))
