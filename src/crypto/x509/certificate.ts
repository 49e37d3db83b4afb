import type { X509Certificate } from 'node:crypto'
import { type CertificateContents, readContents } from './contents.ts'
import { nameKey } from './distinguished-name.ts'
import { costOf, publicKeyOf } from './strength.ts'

/** A certificate with its parsed contents, each computed once, on demand. A part that nobody reads may be malformed. */
export class Certificate {
  readonly x509: X509Certificate
  #contents: CertificateContents | undefined
  #keys: { readonly subject: string; readonly issuer: string } | undefined
  #isSelfSigned: boolean | undefined

  constructor(x509: X509Certificate) {
    this.x509 = x509
  }

  /** The DER. */
  get raw(): X509Certificate['raw'] {
    return this.x509.raw
  }

  /** @throws MalformedCertificate */
  get contents(): CertificateContents {
    this.#contents ??= readContents(this.x509)
    return this.#contents
  }

  /** Whether this certificate names the other as its issuer. @throws MalformedCertificate */
  isIssuedInNameOf(other: Certificate): boolean {
    return this.#nameKeys.issuer === other.#nameKeys.subject
  }

  /** Whether its subject is its issuer (RFC 5280 §3.2). @throws MalformedCertificate */
  get isSelfIssued(): boolean {
    return this.isIssuedInNameOf(this)
  }

  /**
   * Whether its own key signed it (RFC 5280 §3.2). Equal names alone don't prove that. Key usage is ignored: a
   * certificate for TLS alone can be self-signed, too.
   * @throws MalformedCertificate
   */
  get isSelfSigned(): boolean {
    this.#isSelfSigned ??= this.#verifiesItself()
    return this.#isSelfSigned
  }

  /** The names in a form for comparison. A path search compares each name with many others. */
  get #nameKeys() {
    const { subject, issuer } = this.contents
    this.#keys ??= { subject: nameKey(subject), issuer: nameKey(issuer) }
    return this.#keys
  }

  #verifiesItself(): boolean {
    const key = this.isSelfIssued ? publicKeyOf(this.x509) : undefined
    return key !== undefined && costOf(key) !== undefined && this.x509.verify(key)
  }
}
