import { createPrivateKey, generateKeyPairSync, hash, type KeyObject, sign, X509Certificate } from 'node:crypto'
import { EXTENSION, PURPOSE } from '../../crypto/x509/contents.ts'
import { context, readElement, readElements, TAG } from '../../crypto/x509/der.ts'
import {
  writeBits,
  writeBoolean,
  writeElement,
  writeOctets,
  writeOid,
  writePrintable,
  writeSequence,
  writeTime,
  writeUnsigned,
} from '../../crypto/x509/der-writer.ts'
import type { Clock } from '../../platform/clock.ts'
import { DAY_MS } from '../../platform/clock.ts'
import type { RandomBytes } from '../../platform/random.ts'

/** The longest lifetime that browsers accept. */
export const LEAF_MS = 397 * DAY_MS
const AUTHORITY_MS = 10 * 365 * DAY_MS
/** Certificates are valid from an hour ago, since the clock of a client may be behind. */
const BEFORE_MS = 3600 * 1000

/** RFC 5758 §3.2: ecdsa-with-SHA256. */
const SIGNATURE_ALGORITHM = writeSequence(writeOid('1.2.840.10045.4.3.2'))
const COMMON_NAME = '2.5.4.3'
const LOOPBACK = { v4: Buffer.from('7f000001', 'hex'), v6: Buffer.from(`${'00'.repeat(15)}01`, 'hex') }

/** The certificate of an authority, or one that it issued, and the private key. Both are PEM. */
export interface Certified {
  readonly certificate: string
  readonly privateKey: string
}

interface Sources {
  readonly clock: Clock
  readonly random: RandomBytes
}

/** Makes a new authority, which certifies names of this machine only. */
export function makeAuthority(sources: Sources): Certified {
  const { privateKey, publicKey } = newKeys()
  // Two authorities in one store of certificates must not have the same name.
  const name = nameOf(`Tessera development ${sources.random(4).toString('hex')}`)
  const certificate = issue(sources, AUTHORITY_MS, { subject: name, issuer: name, publicKey, signingKey: privateKey }, [
    extension(EXTENSION.basicConstraints, true, writeSequence(writeBoolean(true), writeUnsigned(Buffer.from([])))),
    // keyCertSign and cRLSign.
    extension(EXTENSION.keyUsage, true, writeBits(Buffer.from([0x06]), 1)),
    extension(EXTENSION.nameConstraints, true, onlyThisMachine()),
    subjectKeyIdentifier(publicKey),
  ])
  return { certificate: certificate.toString(), privateKey: pemOf(privateKey) }
}

/** Makes the certificate chain of a server on this machine: its certificate, and that of the authority. */
export function certifyLocalhost(authority: Certified, sources: Sources): Certified {
  const issuer = new X509Certificate(authority.certificate)
  const { privateKey, publicKey } = newKeys()
  const parties = {
    subject: nameOf('localhost'),
    issuer: subjectOf(issuer),
    publicKey,
    signingKey: createPrivateKey(authority.privateKey),
  }
  const certificate = issue(sources, LEAF_MS, parties, [
    extension(EXTENSION.basicConstraints, true, writeSequence()),
    // digitalSignature.
    extension(EXTENSION.keyUsage, true, writeBits(Buffer.from([0x80]), 7)),
    extension(EXTENSION.extKeyUsage, false, writeSequence(writeOid(PURPOSE.serverAuth))),
    extension(
      EXTENSION.subjectAltName,
      false,
      writeSequence(dnsName('localhost'), ipAddress(LOOPBACK.v4), ipAddress(LOOPBACK.v6)),
    ),
    authorityKeyIdentifier(issuer.publicKey),
    subjectKeyIdentifier(publicKey),
  ])
  return { certificate: `${certificate}${authority.certificate}`, privateKey: pemOf(privateKey) }
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pemOf = (privateKey: KeyObject): string => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

interface Parties {
  /** Names, in DER. */
  readonly subject: Buffer
  readonly issuer: Buffer
  readonly publicKey: KeyObject
  readonly signingKey: KeyObject
}

/** Signs a `Certificate` of version 3 (RFC 5280 §4.1). @param validity milliseconds */
function issue(
  { clock, random }: Sources,
  validity: number,
  { subject, issuer, publicKey, signingKey }: Parties,
  extensions: readonly Buffer[],
): X509Certificate {
  const tbs = writeSequence(
    writeElement(context(0), writeUnsigned(Buffer.from([2]))),
    // RFC 5280 §4.1.2.2: a positive number.
    writeUnsigned(Buffer.concat([Buffer.from([1]), random(15)])),
    SIGNATURE_ALGORITHM,
    issuer,
    writeSequence(writeTime(clock.now() - BEFORE_MS), writeTime(clock.now() + validity)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    writeElement(context(3), writeSequence(...extensions)),
  )
  return new X509Certificate(writeSequence(tbs, SIGNATURE_ALGORITHM, writeBits(sign('sha256', tbs, signingKey))))
}

/** A name of one attribute (RFC 5280 §4.1.2.4). */
const nameOf = (commonName: string): Buffer =>
  writeSequence(writeElement(TAG.set, writeSequence(writeOid(COMMON_NAME), writePrintable(commonName))))

/** RFC 5280 §4.1: the sixth field of a certificate of version 3 is its subject. */
function subjectOf({ raw }: X509Certificate): Buffer {
  const [tbs] = readElements(readElement(raw).content, 3)
  const subject = readElements(tbs?.content ?? Buffer.of(), 10)[5]
  return subject?.encoded ?? nameOf('')
}

/** RFC 5280 §4.2. */
const extension = (oid: string, isCritical: boolean, value: Buffer): Buffer =>
  writeSequence(writeOid(oid), ...(isCritical ? [writeBoolean(true)] : []), writeOctets(value))

/** RFC 5280 §4.2.1.6. */
const dnsName = (name: string): Buffer => writeElement(context(2, false), Buffer.from(name))
const ipAddress = (bytes: Buffer): Buffer => writeElement(context(7, false), bytes)

/**
 * RFC 5280 §4.2.1.10: the authority may certify `localhost`, 127.0.0.0/8 and ::1, and nothing else. So a stolen key endangers no
 * other name, even if a browser trusts the authority.
 */
function onlyThisMachine(): Buffer {
  const [network4, network6] = [
    Buffer.from('7f000000ff000000', 'hex'),
    Buffer.concat([LOOPBACK.v6, Buffer.alloc(16, 0xff)]),
  ]
  const subtrees = [dnsName('localhost'), ipAddress(network4), ipAddress(network6)].map((base) => writeSequence(base))
  return writeSequence(writeElement(context(0), ...subtrees))
}

/** The SHA-1 hash of the bits of a public key (RFC 5280 §4.2.1.2). */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const [, bits] = readElements(readElement(publicKey.export({ type: 'spki', format: 'der' })).content, 2)
  // The first octet says how many bits are unused.
  return hash('sha1', bits?.content.subarray(1) ?? Buffer.of(), 'buffer')
}

const subjectKeyIdentifier = (publicKey: KeyObject): Buffer =>
  extension('2.5.29.14', false, writeOctets(keyIdentifier(publicKey)))

/** RFC 5280 §4.2.1.1. */
const authorityKeyIdentifier = (publicKey: KeyObject): Buffer =>
  extension('2.5.29.35', false, writeSequence(writeElement(context(0, false), keyIdentifier(publicKey))))
