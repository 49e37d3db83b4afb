/** The certificates that take the longest to read, for each kind of content. */

import { randomBytes } from 'node:crypto'
import {
  CA,
  ES256,
  ecKeys,
  element,
  extension,
  integer,
  makeCertificate,
  name,
  nested,
  octets,
  oid,
  sequence,
  set,
  shortOids,
  TRUE,
  utf8,
} from '../harness/der.ts'
import { fill } from './shapes.ts'

const ALTERNATIVE_NAMES = oid('551d11')
const EXTENDED_USAGE = oid('551d25')
const UNKNOWN = oid('2a0304')
const PSS = oid('2a864886f70d01010a')
const P521 = ecKeys('P-521')

/** An object identifier with one arc of this many bytes. */
const longOid = (bytes: number): Buffer =>
  element(0x06, Buffer.concat([Buffer.alloc(bytes - 1, 0x81), Buffer.from([1])]))
/** Combining marks in the wrong order, in this many bytes of UTF-8. Normalization must swap every pair. */
const marks = (bytes: number): string => `a${fill(bytes / 4, '\u0301')}${fill(bytes / 4, '\u0316')}`
const dns = (value: string): Buffer => element(0x82, Buffer.from(value))
const sans = (...names: readonly Buffer[]): Buffer => extension(ALTERNATIVE_NAMES, sequence(...names))
const times = <One>(count: number, make: (index: number) => One): readonly One[] =>
  Array.from({ length: count }, (_, index) => make(index))

const RSA = sequence(oid('2a864886f70d010101'), element(0x05))
const odd = (bytes: number): Buffer => {
  const number = randomBytes(bytes)
  number.writeUInt8(number.readUInt8(0) | 0x80, 0)
  number.writeUInt8(number.readUInt8(bytes - 1) | 1, bytes - 1)
  return number
}
const bits = (content: Buffer): Buffer => element(0x03, Buffer.alloc(1), content)
const rsaSpki = (bytes: number, exponent: Buffer): Buffer =>
  sequence(RSA, bits(sequence(integer(odd(bytes)), integer(exponent))))
const dsaSpki = (): Buffer =>
  sequence(
    sequence(oid('2a8648ce380401'), sequence(integer(odd(1_248)), integer(odd(32)), integer(odd(1_247)))),
    bits(integer(odd(1_247))),
  )
/** Explicit curve parameters (RFC 3279 §2.3.5) that describe no real curve. */
const explicitCurve = (bytes: number): Buffer => {
  const field = sequence(oid('2a8648ce3d0101'), integer(odd(bytes)))
  const curve = sequence(octets(odd(bytes)), octets(odd(bytes)))
  const base = octets(Buffer.concat([Buffer.from([4]), odd(bytes), odd(bytes)]))
  const parameters = sequence(
    integer(Buffer.from([1])),
    field,
    curve,
    base,
    integer(odd(bytes)),
    integer(Buffer.from([1])),
  )
  return sequence(
    sequence(oid('2a8648ce3d0201'), parameters),
    bits(Buffer.concat([Buffer.from([4]), odd(bytes), odd(bytes)])),
  )
}

/**
 * Hostile certificates. They are self-signed if their key can sign, so that the name appears as subject and as issuer.
 * @param bytes the size to fill
 */
export const hostileCertificates = (bytes: number): Readonly<Record<string, Buffer>> => ({
  'an object identifier': makeCertificate({ extensions: [extension(longOid(bytes), Buffer.from([5, 0]))] }),
  'an object identifier as a usage': makeCertificate({
    extensions: [extension(EXTENDED_USAGE, sequence(longOid(bytes)))],
  }),
  'an object identifier in a name': makeCertificate({
    subject: sequence(set(sequence(longOid(bytes / 2), utf8('a')))),
  }),
  'an object identifier as the algorithm': makeCertificate({ algorithm: sequence(longOid(bytes / 2)) }),
  extensions: makeCertificate({ extensions: shortOids(bytes / 12).map((id) => extension(id, Buffer.alloc(0))) }),
  'the maximum number of extensions': makeCertificate({
    extensions: shortOids(64).map((id) => extension(id, Buffer.alloc(bytes / 80))),
  }),
  usages: makeCertificate({ extensions: [extension(EXTENDED_USAGE, sequence(...shortOids(bytes / 6)))] }),
  'alternative names': makeCertificate({ extensions: [sans(...times(bytes / 4, () => dns('a')))] }),
  'the maximum number of alternative names': makeCertificate({
    extensions: [sans(...times(256, (index) => dns(`${'a'.repeat(Math.max(1, bytes / 260 - 8))}${index}`)))],
  }),
  addresses: makeCertificate({ extensions: [sans(...times(256, () => element(0x87, randomBytes(16))))] }),
  'one alternative name': makeCertificate({ extensions: [sans(dns('a'.repeat(bytes)))] }),
  'RDNs of a name': makeCertificate({
    subject: sequence(...shortOids(bytes / 24).map((id) => set(sequence(id, utf8(''))))),
  }),
  'attributes of one RDN': makeCertificate({
    subject: sequence(set(...shortOids(bytes / 20).map((id) => sequence(id, utf8(''))))),
  }),
  'the maximum number of attributes': makeCertificate({
    subject: sequence(...times(64, () => set(sequence(oid('550403'), utf8('a'.repeat(15)))))),
  }),
  'combining marks in a name': makeCertificate({ subject: name(marks(bytes / 2)) }),
  'combining marks in the name of the issuer': makeCertificate({ issuer: name(marks(bytes)) }),
  'the longest row of combining marks': makeCertificate({
    subject: name(...times(4, () => fill(250, `a${fill(15, '\u0301')}${fill(15, '\u0316')}`))),
  }),
  'combining marks in UTF-16': makeCertificate({
    subject: sequence(set(sequence(oid('550403'), element(0x1e, Buffer.from(marks(bytes / 4), 'utf16le').swap16())))),
  }),
  'the longest name in UTF-16': makeCertificate({
    subject: sequence(
      set(sequence(oid('550403'), element(0x1e, Buffer.from(marks(60).repeat(8), 'utf16le').swap16()))),
    ),
  }),
  'e-mail addresses': makeCertificate({
    extensions: [
      sans(...times(256, (index) => element(0x81, Buffer.from(`${'A'.repeat(20)}@${'B'.repeat(20)}${index}`)))),
    ],
  }),
  'a name of letters': makeCertificate({ subject: name('a'.repeat(bytes / 2)) }),
  'a name that is not UTF-8': makeCertificate({
    subject: sequence(set(sequence(oid('550403'), element(0x0c, Buffer.alloc(bytes / 2, 0xcc))))),
  }),
  'a date': makeCertificate({ notAfter: element(0x18, Buffer.alloc(bytes, '9')) }),
  'the parameters of a signature': makeCertificate({
    algorithm: sequence(PSS, sequence(...times(bytes / 8, () => element(0xa0)))),
  }),
  'levels in the parameters of a signature': makeCertificate({
    algorithm: sequence(PSS, sequence(element(0xa0, nested(bytes / 8)))),
  }),
  'the path length': makeCertificate({
    extensions: [extension(oid('551d13'), sequence(TRUE, integer(Buffer.alloc(bytes, 0x7f))))],
  }),
  'the key usages': makeCertificate({
    extensions: [extension(oid('551d0f'), element(0x03, Buffer.alloc(bytes)))],
  }),
  'a serial number': makeCertificate({ serial: Buffer.alloc(bytes, 0x7f) }),
  'levels within an extension': makeCertificate({ extensions: [extension(UNKNOWN, nested(bytes / 4))] }),
  'levels within the alternative names': makeCertificate({
    extensions: [extension(ALTERNATIVE_NAMES, nested(bytes / 4))],
  }),
  'levels within a name': makeCertificate({ subject: sequence(set(sequence(oid('550403'), nested(bytes / 8)))) }),
  'an RSA key': makeCertificate({ spki: rsaSpki(bytes - 500, Buffer.from([1, 0, 1])) }),
  'an RSA key of 2040 bits with a long exponent': makeCertificate({ spki: rsaSpki(255, Buffer.alloc(254, 0x7f)) }),
  'an RSA key of 8192 bits with a long exponent': makeCertificate({ spki: rsaSpki(1024, Buffer.alloc(4, 0xff)) }),
  'an RSA key of 16384 bits': makeCertificate({ spki: rsaSpki(2048, Buffer.alloc(8, 0xff)) }),
  'a DSA key': makeCertificate({ spki: dsaSpki() }),
  'an explicit curve': makeCertificate({ spki: explicitCurve(66) }),
  'a long explicit curve': makeCertificate({ spki: explicitCurve(Math.floor(bytes / 10)) }),
  'P-521': makeCertificate({ keys: P521 }),
  'a binary curve': makeCertificate({ keys: ecKeys('sect571r1') }),
})

/** CA certificates with one name, so that each might have issued any other. */
export const crowd = (count: number, extensions: readonly Buffer[] = []): readonly Buffer[] => [
  makeCertificate({ issuer: name('crowd'), signer: P521, extensions }),
  ...times(count, () =>
    makeCertificate({ subject: name('crowd'), keys: P521, extensions: [CA, ...extensions], algorithm: ES256 }),
  ),
]

/** The certificate of an honest client. */
export const honest = makeCertificate()
