import { X509Certificate } from 'node:crypto'
import { Certificate } from '../../crypto/x509/certificate.ts'
import { formatName } from '../../crypto/x509/distinguished-name.ts'
import { MalformedCertificate } from '../../crypto/x509/malformed-certificate.ts'
import { readPem } from '../../crypto/x509/pem.ts'
import { UserError } from '../../platform/user-error.ts'

/** A large enterprise has about as many authorities. One entry takes a few kilobytes. */
const MOST_INTERMEDIATES = 64

/** The authorities that are trusted to certify clients (RFC 5280 §6.1.1 (d)). */
export class TrustAnchors {
  readonly certificates: readonly Certificate[]
  readonly #intermediates = new Map<string, Certificate>()

  private constructor(certificates: readonly Certificate[]) {
    this.certificates = certificates
  }

  /**
   * Reads certificates in PEM. Text around them is ignored (RFC 7468 §5.2).
   * @throws UserError if there is none, or if one is unreadable or may not issue certificates
   */
  static parse(pem: string): TrustAnchors {
    const { certificates } = readPem(pem)
    if (certificates.length === 0)
      throw new UserError('there is no readable certificate in PEM among the trust anchors')
    return new TrustAnchors(certificates.map((der, index) => parseAnchor(der, index + 1)))
  }

  /**
   * Intermediate certificates that led to an anchor before. A resumed TLS session no longer has the chain that its client sent in
   * the first handshake. Only verified certificates are remembered, so nobody can displace those that others need.
   */
  get intermediates(): readonly Certificate[] {
    return [...this.#intermediates.values()]
  }

  /** Whether a certificate is an anchor or a remembered intermediate. */
  knows({ x509: { fingerprint256 } }: Certificate): boolean {
    return (
      this.#intermediates.has(fingerprint256) ||
      this.certificates.some(({ x509 }) => x509.fingerprint256 === fingerprint256)
    )
  }

  remember(intermediates: readonly Certificate[]): void {
    for (const certificate of intermediates) {
      // Move it to the end, so that the least recently used certificate is removed first.
      this.#intermediates.delete(certificate.x509.fingerprint256)
      this.#intermediates.set(certificate.x509.fingerprint256, certificate)
      const [oldest] = this.#intermediates.keys()
      if (this.#intermediates.size > MOST_INTERMEDIATES && oldest !== undefined) this.#intermediates.delete(oldest)
    }
  }
}

function parseAnchor(der: Buffer | undefined, number: number): Certificate {
  const anchor = der && readAnchor(der)
  if (anchor === undefined) throw new UserError(`trust anchor ${number} is not a certificate that can be read`)
  const { basicConstraints, subject } = anchor.contents
  if (basicConstraints?.isAuthority === true) return anchor
  throw new UserError(
    `trust anchor ${number} (${formatName(subject)}) is not an authority: its basicConstraints lack CA:TRUE (RFC 5280 §4.2.1.9)`,
  )
}

function readAnchor(der: Buffer): Certificate | undefined {
  try {
    const anchor = new Certificate(new X509Certificate(der))
    return anchor.contents && anchor
  } catch (error) {
    if (error instanceof MalformedCertificate || isOpenSslError(error)) return undefined
    throw error
  }
}

const isOpenSslError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_OSSL')
