import { webcrypto } from 'node:crypto'
import type { X509Certificate } from '@peculiar/x509'
import type { Clock } from '../../platform/clock.ts'
import type { RandomBytes } from '../../platform/random.ts'

const DAY_MS = 24 * 3600 * 1000
/** The longest lifetime that browsers accept. */
export const LEAF_MS = 397 * DAY_MS
const AUTHORITY_MS = 10 * 365 * DAY_MS
/** The clock of a client may be behind. */
const BEFORE_MS = 3600 * 1000

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/**
 * RFC 5280 §4.2.1.10: the authority may certify `localhost`, 127.0.0.0/8 and ::1, and nothing else. So a stolen key endangers no
 * other name, even if a browser trusts the authority.
 */
const NAME_CONSTRAINTS = { oid: '2.5.29.30', der: constrainedTo(['localhost'], ['7f000000ff000000', loopback6()]) }

/** An authority, or a certificate that it issued, with its key. In PEM. */
export interface Certified {
  readonly certificate: string
  readonly privateKey: string
}

interface Means {
  readonly clock: Clock
  readonly random: RandomBytes
}

/** These libraries are loaded only at the start that needs them. The second one needs the first. */
async function loadLibrary() {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

/** Makes a new authority, which certifies names of this machine only. */
export async function makeAuthority({ clock, random }: Means): Promise<Certified> {
  const x509 = await loadLibrary()
  const keys = await newKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...frame({ clock, random }, AUTHORITY_MS),
    // Two authorities in one store of certificates must not have the same name.
    name: `CN=Tessera development ${random(4).toString('hex')}`,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.Extension(NAME_CONSTRAINTS.oid, true, NAME_CONSTRAINTS.der),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return toPem(certificate, keys.privateKey)
}

/** Makes the certificate chain of a server on this machine: its certificate, and that of the authority. */
export async function certifyLocalhost(authority: Certified, { clock, random }: Means): Promise<Certified> {
  const x509 = await loadLibrary()
  const issuer = new x509.X509Certificate(authority.certificate)
  const pkcs8 = x509.PemConverter.decodeFirst(authority.privateKey)
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign'])
  const keys = await newKeys()
  const certificate = await x509.X509CertificateGenerator.create({
    ...frame({ clock, random }, LEAF_MS),
    subject: 'CN=localhost',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const own = await toPem(certificate, keys.privateKey)
  return { ...own, certificate: `${own.certificate}\n${authority.certificate}` }
}

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

function frame({ clock, random }: Means, validity: number) {
  return {
    // RFC 5280 §4.1.2.2: a positive number.
    serialNumber: `01${random(15).toString('hex')}`,
    notBefore: new Date(clock.now() - BEFORE_MS),
    notAfter: new Date(clock.now() + validity),
    signingAlgorithm: ALGORITHM,
  }
}

async function toPem(certificate: X509Certificate, privateKey: webcrypto.CryptoKey): Promise<Certified> {
  const { PemConverter } = await loadLibrary()
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey))
  return { certificate: certificate.toString('pem'), privateKey: PemConverter.encode(pkcs8, 'PRIVATE KEY') }
}

/** ::1 and the mask of its 128 bits. */
function loopback6(): string {
  return `${'00'.repeat(15)}01${'ff'.repeat(16)}`
}

/** `NameConstraints` in DER, of subtrees that are permitted. @param networks address and mask, hexadecimal */
function constrainedTo(names: readonly string[], networks: readonly string[]): Buffer {
  const tlv = (tag: number, value: Buffer) => Buffer.concat([Buffer.from([tag, value.length]), value])
  const subtrees = [
    ...names.map((name) => tlv(0x82, Buffer.from(name))),
    ...networks.map((network) => tlv(0x87, Buffer.from(network, 'hex'))),
  ].map((base) => tlv(0x30, base))
  return tlv(0x30, tlv(0xa0, Buffer.concat(subtrees)))
}
