import type { X509Certificate } from 'node:crypto'
import { type AlternativeNames, NO_NAMES, readAlternativeNames } from './alternative-names.ts'
import {
  context,
  type DerElement,
  DerError,
  expectTag,
  readBoolean,
  readElement,
  readElements,
  readOid,
  readSmallInteger,
  TAG,
} from './der.ts'
import { type DistinguishedName, readName } from './distinguished-name.ts'
import { MalformedCertificate } from './malformed-certificate.ts'
import { readSignatureAlgorithm, type SignatureAlgorithm } from './strength.ts'

/** The OIDs of the extensions that we process (RFC 5280 §4.2). */
export const EXTENSION = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  extKeyUsage: '2.5.29.37',
} as const

/** Purposes of a key (RFC 5280 §4.2.1.12), by OID. */
export const PURPOSE = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

/** The most fields of a structure. No structure has more than a `TBSCertificate` (RFC 5280 §4.1). */
const MOST_FIELDS = 10
/** The most extensions. RFC 5280 defines 17, and authorities add a handful of their own. */
const MOST_EXTENSIONS = 64
const MOST_USAGES = 64

/** The contents of a certificate, without its key. */
export interface CertificateContents {
  readonly subject: DistinguishedName
  readonly issuer: DistinguishedName
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly notBefore: Date
  readonly notAfter: Date
  readonly names: AlternativeNames
  readonly basicConstraints: { readonly isAuthority: boolean; readonly pathLength: number | undefined } | undefined
  /** Undefined if the extension is absent. The key may then be used for anything (RFC 5280 §4.2.1.3). */
  readonly keyUsage: { readonly digitalSignature: boolean; readonly keyCertSign: boolean } | undefined
  /** OIDs; undefined if the extension is absent (RFC 5280 §4.2.1.12). */
  readonly extendedKeyUsage: readonly string[] | undefined
  /** The OIDs of all extensions, and whether each is critical. */
  readonly extensions: ReadonlyMap<string, boolean>
}

/**
 * Reads a certificate from its DER. Node's text form of names is ambiguous: a name may contain the separators (CVE-2021-44532).
 * @throws MalformedCertificate
 */
export function readContents(certificate: X509Certificate): CertificateContents {
  try {
    return readFields(certificate)
  } catch (error) {
    if (error instanceof DerError) {
      throw new MalformedCertificate({ problem: error.message }, error)
    }
    throw error
  }
}

function readFields({ raw, validFromDate, validToDate }: X509Certificate): CertificateContents {
  // A comparison with NaN is always false, so a certificate with an invalid date would never expire.
  if (Number.isNaN(validFromDate.getTime() + validToDate.getTime())) throw new DerError('a date is invalid')
  const [tbs, algorithm] = readElements(readElement(raw, TAG.sequence).content, MOST_FIELDS)
  const fields = readElements(expectTag(tbs, TAG.sequence).content, MOST_FIELDS)
  // [0] is the version, which version 1 certificates omit.
  const [, , issuer, , subject] = fields[0]?.tag === context(0) ? fields.slice(1) : fields
  const extensions = readExtensions(fields.find(({ tag }) => tag === context(3)))
  const value = (oid: string): DerElement | undefined => extensions.get(oid)?.value
  return {
    subject: readName(subject),
    issuer: readName(issuer),
    signatureAlgorithm: readSignatureAlgorithm(algorithm),
    notBefore: validFromDate,
    notAfter: validToDate,
    names: apply(value(EXTENSION.subjectAltName), readAlternativeNames) ?? NO_NAMES,
    basicConstraints: apply(value(EXTENSION.basicConstraints), readBasicConstraints),
    keyUsage: apply(value(EXTENSION.keyUsage), readKeyUsage),
    extendedKeyUsage: apply(value(EXTENSION.extKeyUsage), (usages) =>
      readElements(expectTag(usages, TAG.sequence).content, MOST_USAGES).map(readOid),
    ),
    extensions: new Map([...extensions].map(([oid, { isCritical }]) => [oid, isCritical])),
  }
}

const apply = <Result>(element: DerElement | undefined, read: (element: DerElement) => Result): Result | undefined =>
  element === undefined ? undefined : read(element)

interface Extension {
  readonly isCritical: boolean
  readonly value: DerElement | undefined
}

const UNDERSTOOD = new Set<string>(Object.values(EXTENSION))

function readExtensions(explicit: DerElement | undefined): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>()
  if (explicit === undefined) return extensions
  for (const element of readElements(readElement(explicit.content, TAG.sequence).content, MOST_EXTENSIONS)) {
    const [id, ...rest] = readElements(expectTag(element, TAG.sequence).content, MOST_FIELDS)
    const oid = readOid(id)
    // RFC 5280 §4.2: an extension occurs only once. Different readers might each use another one of two.
    if (extensions.has(oid)) throw new DerError(`the extension ${oid} occurs twice`)
    const [critical, bytes = critical] = rest
    const isCritical = critical !== undefined && critical !== bytes && readBoolean(critical)
    const { content } = expectTag(bytes, TAG.octetString)
    extensions.set(oid, { isCritical, value: UNDERSTOOD.has(oid) ? readElement(content) : undefined })
  }
  return extensions
}

function readBasicConstraints(element: DerElement): CertificateContents['basicConstraints'] {
  const fields = readElements(expectTag(element, TAG.sequence).content, MOST_FIELDS)
  const isAuthority = fields[0]?.tag === TAG.boolean && readBoolean(fields[0])
  const [length] = fields.filter(({ tag }) => tag !== TAG.boolean)
  return { isAuthority, pathLength: length === undefined ? undefined : readSmallInteger(length) }
}

function readKeyUsage(element: DerElement): CertificateContents['keyUsage'] {
  const [, bits = 0] = expectTag(element, TAG.bitString).content
  return { digitalSignature: (bits & 0x80) !== 0, keyCertSign: (bits & 0x04) !== 0 }
}
