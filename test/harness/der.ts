/** A writer of DER (X.690) that makes certificates with any content and without limits. */

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const octets = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3
  const bytes = Buffer.alloc(1 + octets, 0x80 | octets)
  bytes.writeUIntBE(length, 1, octets)
  return bytes
}

export function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content])
}

export const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, ...parts)
export const set = (...parts: readonly Buffer[]): Buffer => element(0x31, ...parts)
/** An object identifier, from its content in hexadecimal. */
export const oid = (hex: string): Buffer => element(0x06, Buffer.from(hex, 'hex'))
export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text))
export const octets = (content: Buffer): Buffer => element(0x04, content)
/** A positive integer. */
export const integer = (bytes: Buffer): Buffer =>
  element(0x02, ...((bytes[0] ?? 0) < 0x80 ? [] : [Buffer.alloc(1)]), bytes)
export const TRUE = element(0x01, Buffer.from([0xff]))

const COMMON_NAME = oid('550403')
/** A name with these common names, each in an RDN of its own. */
export const name = (...values: readonly string[]): Buffer =>
  sequence(...values.map((value) => set(sequence(COMMON_NAME, utf8(value)))))
export const extension = (id: Buffer, value: Buffer): Buffer => sequence(id, octets(value))
/** The extension that marks a CA. */
export const CA = extension(oid('551d13'), sequence(TRUE))

/** Distinct object identifiers, as short as possible. */
export const shortOids = (count: number): readonly Buffer[] =>
  Array.from({ length: count }, (_, index) => element(0x06, Buffer.from([0x2a, 0x81 + (index >> 7), index & 0x7f])))

/** Sequences nested `levels` deep. The heads are written from the innermost to the outermost, then reversed. */
export function nested(levels: number): Buffer {
  const heads: Buffer[] = []
  let length = 0
  for (let level = 0; level < levels; level += 1) {
    const head = Buffer.concat([Buffer.from([0x30]), encodeLength(length)])
    heads.push(head)
    length += head.length
  }
  return Buffer.concat(heads.reverse())
}

export const ES256 = sequence(oid('2a8648ce3d040302'))

export interface Keys {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export const ecKeys = (namedCurve: string): Keys => generateKeyPairSync('ec', { namedCurve })
export const p256 = ecKeys('P-256')

interface Spec {
  /** Every field holds DER. */
  readonly subject?: Buffer
  readonly issuer?: Buffer
  readonly extensions?: readonly Buffer[]
  readonly spki?: Buffer
  readonly keys?: Keys
  /** The certificate is self-signed if this is missing. */
  readonly signer?: Keys
  readonly algorithm?: Buffer
  readonly serial?: Buffer
  readonly notAfter?: Buffer
}

let serials = 0

const utcTime = (milliseconds: number): Buffer =>
  element(
    0x17,
    Buffer.from(
      new Date(milliseconds)
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2),
    ),
  )

/** A certificate that is valid from yesterday until tomorrow, with one part replaced. */
export function makeCertificate(spec: Spec = {}): Buffer {
  const { subject = name('client'), issuer = subject, extensions = [], keys = p256, signer = keys } = spec
  const { algorithm = ES256, spki = keys.publicKey.export({ type: 'spki', format: 'der' }) } = spec
  serials += 1
  const day = 24 * 3_600_000
  const { serial = Buffer.from([1, serials >> 8, serials & 0xff]), notAfter = utcTime(Date.now() + day) } = spec
  const fields = [
    element(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    issuer,
    sequence(utcTime(Date.now() - day), notAfter),
    subject,
    spki,
    ...(extensions.length === 0 ? [] : [element(0xa3, sequence(...extensions))]),
  ]
  const tbs = sequence(...fields)
  return sequence(tbs, algorithm, element(0x03, Buffer.alloc(1), sign('sha256', tbs, signer.privateKey)))
}

export const toPem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`
