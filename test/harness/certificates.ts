import 'reflect-metadata'
import { type webcrypto as WebCrypto, webcrypto, X509Certificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { certificateOfDer, type PresentedCertificate } from '../../src/crypto/x509/peer.ts'

export const NOW = Date.parse('2026-06-01T00:00:00Z')
export const DAY = 24 * 3600 * 1000

export interface Issued {
  readonly certificate: X509Certificate
  readonly keys: WebCrypto.CryptoKeyPair
  readonly name: x509.Name
  readonly pem: string
}

interface Spec {
  readonly subject?: x509.JsonNameParams | string
  /** The certificate is self-signed if this is missing. */
  readonly issuer?: Issued
  /** An issuer name that differs from the signer's subject. */
  readonly issuerName?: string
  readonly keys?: WebCrypto.CryptoKeyPair
  readonly extensions?: readonly x509.Extension[]
  readonly notBefore?: number
  readonly notAfter?: number
  /** The hash of the issuer's signature. */
  readonly hash?: 'SHA-1' | 'SHA-256'
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256' }

export const ecKeys = (namedCurve = 'P-256') => webcrypto.subtle.generateKey({ ...P256, namedCurve }, true, ['sign'])

export const rsaKeys = (modulusLength: number, name = 'RSASSA-PKCS1-v1_5', hash = 'SHA-256') =>
  webcrypto.subtle.generateKey({ name, modulusLength, publicExponent: new Uint8Array([1, 0, 1]), hash }, true, ['sign'])

export const ca = (pathLength?: number) => new x509.BasicConstraintsExtension(true, pathLength, true)
export const notCa = new x509.BasicConstraintsExtension(false, undefined, true)
export const usage = (flags: number) => new x509.KeyUsagesExtension(flags, true)
export const { keyCertSign, digitalSignature, keyEncipherment } = x509.KeyUsageFlags
export const extendedUsage = (...oids: string[]) => new x509.ExtendedKeyUsageExtension(oids)
export const sans = (...names: x509.JsonGeneralNames) => new x509.SubjectAlternativeNameExtension(names)
/** An extension with any value; the default is DER NULL. */
export const extension = (oid: string, isCritical: boolean, hex = '0500') =>
  new x509.Extension(oid, isCritical, Buffer.from(hex, 'hex'))

/** Parses a name. Text is in the order of RFC 4514, the reverse of the library's; JSON is in the order of the DER. */
const nameOf = (name: x509.JsonNameParams | string): x509.Name =>
  typeof name === 'string' ? new x509.Name(new x509.Name(name).toJSON().reverse()) : new x509.Name(name)

let serial = 0

export async function issue(spec: Spec = {}): Promise<Issued> {
  const keys = spec.keys ?? (await ecKeys())
  serial += 1
  const subject = nameOf(spec.subject ?? 'CN=client')
  const signer = spec.issuer?.keys ?? keys
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `01${serial.toString(16).padStart(8, '0')}`,
    subject,
    issuer: spec.issuerName === undefined ? (spec.issuer?.name ?? subject) : nameOf(spec.issuerName),
    notBefore: new Date(spec.notBefore ?? NOW - 100 * DAY),
    notAfter: new Date(spec.notAfter ?? NOW + 100 * DAY),
    signingAlgorithm: { ...signer.privateKey.algorithm, hash: spec.hash ?? 'SHA-256', saltLength: 32 },
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    extensions: [...(spec.extensions ?? [])],
  })
  return {
    certificate: new X509Certificate(Buffer.from(certificate.rawData)),
    keys,
    name: subject,
    pem: certificate.toString('pem'),
  }
}

/** Issues a CA certificate: an intermediate if `issuer` is given, otherwise a root. */
export const issueAuthority = (subject: string, issuer?: Issued, more: Spec = {}): Promise<Issued> =>
  issue({
    subject,
    extensions: [ca(), usage(keyCertSign | x509.KeyUsageFlags.cRLSign)],
    ...(issuer && { issuer }),
    ...more,
  })

export const keyPem = async ({ keys }: Issued): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')

/** The certificate and chain as a proxy passes them on. */
export const present = (leaf: Issued, ...chain: readonly Issued[]): PresentedCertificate =>
  certificateOfDer(
    leaf.certificate.raw,
    chain.map(({ certificate }) => certificate.raw),
  )
