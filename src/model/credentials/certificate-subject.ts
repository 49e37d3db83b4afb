import { canonicalAddress } from '../../crypto/x509/alternative-names.ts'
import type { Certificate } from '../../crypto/x509/certificate.ts'
import { isSameName } from '../../crypto/x509/distinguished-name.ts'
import { parseName } from '../../crypto/x509/name-text.ts'
import { thumbprintOf } from '../../crypto/x509/peer.ts'
import { UserError } from '../../platform/user-error.ts'

/** The criterion for a client's certificate: one of its names (RFC 8705 §2.1.2), or its thumbprint (§2.2). */
export type CertificateMatcher =
  | { readonly subject_dn: string }
  | { readonly san_dns: string }
  | { readonly san_uri: string }
  | { readonly san_ip: string }
  | { readonly san_email: string }
  /** `x5t#S256`: 43 characters of base64url. */
  | { readonly thumbprint: string }

type KeyOfEach<Union> = Union extends unknown ? keyof Union : never
type Kind = KeyOfEach<CertificateMatcher>

/** The form of a value of each kind, checked at registration. */
const kinds = {
  subject_dn: { make: (value) => ({ subject_dn: value }), problem: problemOfName },
  san_dns: {
    make: (value) => ({ san_dns: value }),
    problem: (value) => (/^[\w*.-]{1,253}$/.test(value) ? undefined : 'not a host name'),
  },
  san_uri: {
    make: (value) => ({ san_uri: value }),
    problem: (value) => (/^[a-z][a-z0-9+.-]*:[!-~]+$/i.test(value) ? undefined : 'not an absolute URI in ASCII'),
  },
  san_ip: {
    make: (value) => ({ san_ip: value }),
    problem: (value) => (canonicalAddress(value) === undefined ? 'not an IPv4 or IPv6 address' : undefined),
  },
  san_email: {
    make: (value) => ({ san_email: value }),
    problem: (value) => (/^[!-~]{1,64}@[\w.-]{1,253}$/.test(value) ? undefined : 'not an e-mail address in ASCII'),
  },
  thumbprint: {
    make: (value) => ({ thumbprint: value }),
    problem: (value) =>
      /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(value)
        ? undefined
        : 'not the SHA-256 of the certificate in base64url (43 characters, no hexadecimal digits with colons)',
  },
} as const satisfies Record<
  Kind,
  { make(value: string): CertificateMatcher; problem(value: string): string | undefined }
>

const isKind = (name: string): name is Kind => Object.hasOwn(kinds, name)

/**
 * Parses a registered criterion.
 * @throws UserError that names the field and its fault
 */
export function parseMatcher(input: Readonly<Record<string, unknown>>): CertificateMatcher {
  const given = Object.entries(input).filter(([, value]) => value !== undefined)
  const [only, ...others] = given
  if (only === undefined || others.length > 0) {
    throw new UserError(`exactly one of ${Object.keys(kinds).join(', ')} says which certificate it is`)
  }
  const [name, value] = only
  if (!isKind(name)) throw new UserError(`${name} is not one of ${Object.keys(kinds).join(', ')}`)
  if (typeof value !== 'string') throw new UserError(`${name}: not text`)
  const problem = kinds[name].problem(value)
  if (problem !== undefined) throw new UserError(`${name}: ${problem}`)
  return kinds[name].make(value)
}

function problemOfName(value: string): string | undefined {
  try {
    parseName(value)
    return undefined
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

/**
 * Whether a certificate is the one that a client registered (RFC 8705 §2.1.2).
 * @param wanted the result of `parseMatcher`
 * @throws MalformedCertificate
 */
export function matches(leaf: Certificate, wanted: CertificateMatcher): boolean {
  const { subject, names } = leaf.contents
  if ('subject_dn' in wanted) return isSameName(subject, parseName(wanted.subject_dn))
  if ('san_dns' in wanted) return names.dns.some((name) => name.toLowerCase() === wanted.san_dns.toLowerCase())
  // Compare bytes: any further equivalence of URIs depends on their scheme (RFC 3986 §6.2.1).
  if ('san_uri' in wanted) return names.uri.includes(wanted.san_uri)
  if ('san_ip' in wanted) return names.ip.some((address) => address === canonicalAddress(wanted.san_ip))
  if ('san_email' in wanted) return names.email.some((address) => foldDomain(address) === foldDomain(wanted.san_email))
  return thumbprintOf(leaf) === wanted.thumbprint
}

/** Lower-cases the domain: RFC 5280 §7.5 ignores the case of the domain, but not of the local part. */
function foldDomain(email: string): string {
  const at = email.lastIndexOf('@')
  return email.slice(0, at + 1) + email.slice(at + 1).toLowerCase()
}
