import { X509Certificate } from 'node:crypto'
import { TrustAnchors } from '../../../src/client-auth/certificates/anchors.ts'
import { checkChain } from '../../../src/client-auth/certificates/chain.ts'
import { describe } from '../../../src/client-auth/certificates/describe.ts'
import { checkCertificate } from '../../../src/client-auth/certificates/path.ts'
import { canonicalAddress } from '../../../src/crypto/x509/alternative-names.ts'
import { readElements, readOid } from '../../../src/crypto/x509/der.ts'
import { parseName } from '../../../src/crypto/x509/name-text.ts'
import { certificateOfDer, type PresentedCertificate } from '../../../src/crypto/x509/peer.ts'
import { certificateOfHeaders } from '../../../src/http/client-certificate/headers.ts'
import { matches, parseMatcher } from '../../../src/model/credentials/certificate-subject.ts'
import { CA, extension, makeCertificate, name, oid, toPem } from '../../harness/der.ts'
import { crowd, hostileCertificates } from '../certificates.ts'
import { fill } from '../shapes.ts'
import { cases } from './case.ts'

/** Bytes of a certificate. */
const LARGEST = 16 * 1024
const HEADERS = 32 * 1024

const anchors = TrustAnchors.parse(toPem(makeCertificate({ subject: name('root'), extensions: [CA] })))
const wanted = [
  { subject_dn: `CN=${'a'.repeat(500)}` },
  { san_dns: 'a.example' },
  { san_uri: 'urn:a' },
  { san_ip: '2001:db8::1' },
  { san_email: 'a@example.com' },
  { thumbprint: 'A'.repeat(43) },
].map(parseMatcher)

/** Uses a certificate in every way that a request does. */
function useAll(presented: PresentedCertificate | undefined): unknown {
  if (presented === undefined) return undefined
  const { leaf } = presented
  return [
    leaf.isSelfSigned,
    checkCertificate(leaf, Date.now()),
    checkChain(presented, anchors, Date.now()),
    ...wanted.map((matcher) => matches(leaf, matcher)),
    describe(leaf),
  ]
}

const largest = hostileCertificates(LARGEST - 600)
const larger = hostileCertificates(90_000)
const pad = [extension(oid('2a0304'), Buffer.alloc(3_000))]

/** The headers of every kind of proxy that passes a certificate on. */
const inHeaders = (der: Buffer): Readonly<Record<string, Parameters<typeof certificateOfHeaders>>> => {
  const base64 = der.toString('base64')
  const escaped = encodeURIComponent(toPem(der))
  return {
    'Client-Cert': [{ 'client-cert': `:${base64}:` }, 'client-cert'],
    nginx: [{ 'x-ssl-client-cert': escaped }, 'nginx'],
    Envoy: [{ 'x-forwarded-client-cert': `Hash=${'a'.repeat(64)};Cert="${escaped}"` }, 'envoy'],
    HAProxy: [{ 'x-ssl-client-der': base64 }, 'haproxy'],
    'AWS ALB': [{ 'x-amzn-mtls-clientcert': escaped }, 'aws-alb'],
    'AWS ALB, verifying': [{ 'x-amzn-mtls-clientcert-leaf': escaped }, 'aws-alb-verify'],
    Traefik: [{ 'x-forwarded-tls-client-cert': base64 }, 'traefik'],
  }
}

const viaProxy = Object.fromEntries(
  Object.entries(largest).flatMap(([shape, der]) =>
    Object.entries(inHeaders(der)).map(([way, given]) => [`${shape}, by ${way}`, given]),
  ),
)

const xfcc = (value: string): Parameters<typeof certificateOfHeaders> => [{ 'x-forwarded-client-cert': value }, 'envoy']
const chainHeader = (value: string): Parameters<typeof certificateOfHeaders> => [
  { 'client-cert': `:${makeCertificate().toString('base64')}:`, 'client-cert-chain': value },
  'client-cert',
]
const traefik = (value: string): Parameters<typeof certificateOfHeaders> => [
  { 'x-forwarded-tls-client-cert': value },
  'traefik',
]
const pem = (value: string): Parameters<typeof certificateOfHeaders> => [{ 'ssl-client-cert': value }, 'ingress-nginx']

export const certificateCases = [
  ...cases('a certificate', (der: Buffer) => useAll(certificateOfDer(der, [])), largest),
  ...cases('a certificate that is too large', (der: Buffer) => useAll(certificateOfDer(der, [])), larger),
  ...cases(
    'a chain',
    (chain: readonly Buffer[]) => useAll(certificateOfDer(chain[0] ?? Buffer.alloc(0), chain.slice(1))),
    {
      'CAs that may all have issued each other': crowd(5),
      'the same at maximum size': crowd(5, pad),
      'too many certificates': crowd(90),
      'the certificates that are hardest to read': [makeCertificate(), ...Object.values(largest).slice(0, 5)],
    },
  ),
  ...cases(
    'certificateOfHeaders',
    (given: Parameters<typeof certificateOfHeaders>) => useAll(certificateOfHeaders(...given)),
    {
      ...viaProxy,
      pairs: xfcc(`${fill(HEADERS - 2, 'A=;')}A=`),
      'the maximum number of pairs': xfcc(
        Array.from({ length: 1_000 }, (_, index) => `A="${'\\"'.repeat(8)}${index}"`).join(';'),
      ),
      'endless quotes': xfcc(`Cert="${fill(HEADERS, '\\a')}`),
      'quoted quotes': xfcc(`Cert="${fill(HEADERS - 10, '\\"')}"`),
      'an endless key': xfcc('A'.repeat(HEADERS)),
      escapes: xfcc(`Cert="${fill(HEADERS - 10, '%0A')}"`),
      'a list of commas': chainHeader(','.repeat(HEADERS)),
      'a list of invalid certificates': chainHeader(fill(HEADERS, ':AAAA:,')),
      'a list of invalid base64': chainHeader(fill(HEADERS, ':!:,')),
      'Traefik: commas': traefik(','.repeat(HEADERS)),
      'Traefik: invalid certificates': traefik(fill(HEADERS, 'AAAA,')),
      'Traefik: invalid base64': traefik(fill(HEADERS, '%2B%')),
      'a chain of PEM beginnings': [
        { 'x-amzn-mtls-clientcert': fill(HEADERS, '-----BEGIN CERTIFICATE-----') },
        'aws-alb',
      ],
      'a chain of empty PEM': [
        { 'x-amzn-mtls-clientcert': fill(HEADERS, '-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----') },
        'aws-alb',
      ],
      'beginnings of PEM': pem(encodeURIComponent(fill(HEADERS / 2, '-----BEGIN CERTIFICATE-----'))),
      'empty PEM': pem(fill(HEADERS, '-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----')),
      'spaces in PEM': pem(`-----BEGIN CERTIFICATE-----${fill(HEADERS - 60, '%0A')}-----END CERTIFICATE-----`),
      'text beside PEM': pem(fill(HEADERS, '%20')),
      'invalid escapes': pem('%'.repeat(HEADERS)),
    },
  ),
  ...cases('readElements', (bytes: Buffer) => readElements(bytes, 1_000), {
    'endless elements': Buffer.alloc(90_000),
    'oversized lengths': Buffer.alloc(90_000, 0x83),
  }),
  ...cases('readOid', (content: Buffer) => readOid({ tag: 6, content, encoded: content }), {
    'one number': Buffer.alloc(90_000, 0x81),
    'the maximum length': Buffer.concat([Buffer.alloc(63, 0xff), Buffer.from([1])]),
    numbers: Buffer.alloc(90_000, 1),
  }),
  ...cases('parseName', parseName, {
    letters: `CN=${'a'.repeat(4_000)}`,
    escapes: `CN=${fill(4_000, '\\41')}`,
    'combining marks': `CN=a${'\u0301'.repeat(4_000)}`,
    parts: fill(4_096, 'CN=,').slice(0, -1),
    'attributes of one RDN': fill(4_096, 'CN=+').slice(0, -1),
    spaces: `CN=${' '.repeat(4_000)}`,
    hexadecimal: `CN=#${fill(4_000, '04')}`,
    numbers: `${fill(4_000, '1.')}1=a`,
    'a megabyte': 'CN=a,'.repeat(200_000),
  }),
  ...cases('canonicalAddress', canonicalAddress, {
    groups: fill(HEADERS, 'f:'),
    'a zone': `::1%${'a'.repeat(HEADERS)}`,
    digits: '1'.repeat(HEADERS),
  }),
]

/** The shapes that OpenSSL can't read, so that our code never sees them. */
export const unreadable = Object.entries(largest).flatMap(([shape, der]) => {
  try {
    return new X509Certificate(der).raw.equals(der) ? [] : [shape]
  } catch {
    return [shape]
  }
})
