import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TrustAnchors } from '../../../src/client-auth/certificates/anchors.ts'
import { checkChain } from '../../../src/client-auth/certificates/chain.ts'
import { MalformedCertificate } from '../../../src/crypto/x509/malformed-certificate.ts'
import { thumbprintOf } from '../../../src/crypto/x509/peer.ts'
import {
  type CertificateHeaderFormat,
  certificateHeaderFormats,
  certificateOfHeaders,
} from '../../../src/http/client-certificate/headers.ts'
import { matches } from '../../../src/model/credentials/certificate-subject.ts'
import { extension, type Issued, issue, issueAuthority, sans } from '../../harness/certificates.ts'
import { INTERMEDIATE, LEAF, ROOT } from './rfc9440.ts'

const root = await issueAuthority('CN=Root')
const intermediate = await issueAuthority('CN=Intermediate', root)
const client = await issue({ issuer: intermediate, extensions: [sans({ type: 'dns', value: 'client.example' })] })
const victim = await issue({ subject: 'CN=victim' })
const huge = await issue({ extensions: [extension('1.2.3', false, '00'.repeat(17_000))] })

const base64 = ({ certificate }: Issued) => certificate.raw.toString('base64')
const sequence = (issued: Issued) => `:${base64(issued)}:`
/** PEM escaped as by nginx and Envoy, which keep letters, digits, `-`, `.`, `_` and `~`. */
const escapedPem = (...all: readonly Issued[]) => encodeURIComponent(all.map(({ pem }) => `${pem}\n`).join(''))
/** PEM escaped as by AWS, which also keeps `+=/`. */
const escapedByAws = (...all: readonly Issued[]) =>
  escapedPem(...all).replaceAll(/%2B|%3D|%2F/g, (octet) => decodeURIComponent(octet))
const hash = ({ certificate }: Issued) => createHash('sha256').update(certificate.raw).digest('hex')
const BY = 'By=http://frontend.lyft.com'
const SUBJECT = String.raw`Subject="CN=a\\\,b\" ;c,O=d"`

type Headers = Record<string, string | string[]>
type Case = readonly [string, CertificateHeaderFormat, Headers]

function attempt(format: CertificateHeaderFormat, headers: Headers): unknown {
  try {
    return certificateOfHeaders(headers, format)
  } catch (error) {
    return error
  }
}

describe('accepted headers', () => {
  const cases: readonly (readonly [...Case, readonly Issued[]])[] = [
    ['RFC 9440: the leaf alone', 'client-cert', { 'client-cert': sequence(client) }, []],
    [
      'RFC 9440: a chain',
      'client-cert',
      { 'client-cert': sequence(client), 'client-cert-chain': `${sequence(intermediate)}, ${sequence(root)}` },
      [intermediate, root],
    ],
    [
      'forged-certificate-header: RFC 9440: the leaf again in the chain, and another',
      'client-cert',
      { 'client-cert': sequence(client), 'client-cert-chain': [victim, client].map(sequence).join(',') },
      [victim],
    ],
    [
      'RFC 9440: base64 without padding (RFC 9651 §4.2.7)',
      'client-cert',
      { 'client-cert': sequence(client).replace(/=+:$/, ':') },
      [],
    ],
    ['nginx', 'nginx', { 'x-ssl-client-cert': escapedPem(client) }, []],
    ['nginx: no final line break', 'nginx', { 'x-ssl-client-cert': escapedPem(client).replace(/(%0A)+$/, '') }, []],
    ['ingress-nginx', 'ingress-nginx', { 'ssl-client-cert': escapedPem(client) }, []],
    ['HAProxy', 'haproxy', { 'x-ssl-client-der': base64(client) }, []],
    ['AWS: the leaf alone', 'aws-alb', { 'x-amzn-mtls-clientcert': escapedByAws(client) }, []],
    [
      'AWS: a chain',
      'aws-alb',
      { 'x-amzn-mtls-clientcert': escapedByAws(client, intermediate, root) },
      [intermediate, root],
    ],
    ['AWS: all escaped', 'aws-alb', { 'x-amzn-mtls-clientcert': escapedPem(client) }, []],
    ['AWS, verified', 'aws-alb-verify', { 'x-amzn-mtls-clientcert-leaf': escapedByAws(client) }, []],
    [
      'AWS, verified: headers that a client may have written are ignored',
      'aws-alb-verify',
      { 'x-amzn-mtls-clientcert-leaf': escapedByAws(client), 'x-amzn-mtls-clientcert': escapedByAws(victim) },
      [],
    ],
    [
      'AWS: headers that a client may have written are ignored',
      'aws-alb',
      { 'x-amzn-mtls-clientcert': escapedByAws(client), 'x-amzn-mtls-clientcert-leaf': escapedByAws(victim) },
      [],
    ],
    ['Traefik', 'traefik', { 'x-forwarded-tls-client-cert': base64(client) }, []],
    [
      'Traefik: a chain',
      'traefik',
      { 'x-forwarded-tls-client-cert': `${base64(client)},${base64(intermediate)}` },
      [intermediate],
    ],
    [
      'Traefik: escaped, as by older versions',
      'traefik',
      { 'x-forwarded-tls-client-cert': [client, intermediate].map((one) => encodeURIComponent(base64(one))).join(',') },
      [intermediate],
    ],
    ['Envoy: Cert', 'envoy', { 'x-forwarded-client-cert': `Cert="${escapedPem(client)}"` }, []],
    [
      'Envoy: Cert and Chain, which begins with the leaf',
      'envoy',
      {
        'x-forwarded-client-cert': `${BY};Hash=${hash(client)};Cert="${escapedPem(client)}";Chain="${escapedPem(client, intermediate)}";${SUBJECT};URI=http://testclient.lyft.com;DNS=lyft.com;DNS=www.lyft.com`,
      },
      [intermediate],
    ],
    [
      'Envoy: Chain alone',
      'envoy',
      { 'x-forwarded-client-cert': `Hash=${hash(client)};Chain="${escapedPem(client, intermediate)}"` },
      [intermediate],
    ],
    [
      'Envoy: keys in another case, before and after',
      'envoy',
      { 'x-forwarded-client-cert': `${SUBJECT};hAsH=${hash(client).toUpperCase()};CERT="${escapedPem(client)}";By=` },
      [],
    ],
  ]
  test.each(cases)('%s', (_name, format, headers, chain) => {
    const presented = certificateOfHeaders(headers, format)
    expect(presented?.thumbprint).toBe(thumbprintOf(client.certificate))
    expect(presented?.chain.map(thumbprintOf)).toEqual(chain.map(({ certificate }) => thumbprintOf(certificate)))
    expect(presented?.isResumed).toBe(false)
  })

  test('the example of RFC 9440 Appendix A', () => {
    const presented = certificateOfHeaders(
      { 'client-cert': `:${LEAF}:`, 'client-cert-chain': `:${INTERMEDIATE}:, :${ROOT}:` },
      'client-cert',
    )
    if (presented === undefined) throw new Error('no certificate')
    const anchors = TrustAnchors.parse(`-----BEGIN CERTIFICATE-----\n${ROOT}\n-----END CERTIFICATE-----`)
    expect(matches(presented.leaf, { subject_dn: 'CN=BC' })).toBe(true)
    expect(matches(presented.leaf, { san_email: 'bdc@EXAMPLE.com' })).toBe(true)
    expect(checkChain(presented, anchors, Date.parse('2020-06-01T00:00:00Z'))).toBeUndefined()
    expect(checkChain(presented, anchors, Date.parse('2021-06-01T00:00:00Z'))?.reason).toBe('certificate_expired')
  })
})

describe('headers of a connection without certificate', () => {
  const cases: readonly Case[] = [
    ...certificateHeaderFormats.map((format) => [`${format}: no header`, format, { host: 'example.com' }] as const),
    ['RFC 9440: only a chain', 'client-cert', { 'client-cert-chain': sequence(client) }],
    ['HAProxy: an empty header', 'haproxy', { 'x-ssl-client-der': '' }],
    [
      'nginx: the header of ingress-nginx, which it does not overwrite',
      'nginx',
      { 'ssl-client-cert': escapedPem(client) },
    ],
    ['ingress-nginx: the header of nginx', 'ingress-nginx', { 'x-ssl-client-cert': escapedPem(client) }],
    ['RFC 9440: the header of Envoy', 'client-cert', { 'x-forwarded-client-cert': `Cert="${escapedPem(client)}"` }],
    [
      "Envoy: its documentation's example without Cert",
      'envoy',
      {
        'x-forwarded-client-cert':
          'By=http://frontend.lyft.com;Hash=468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688;Subject="/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client";URI=http://testclient.lyft.com',
      },
    ],
  ]
  test.each(cases)('%s', (_name, format, headers) => {
    expect(certificateOfHeaders(headers, format)).toBeUndefined()
  })
})

describe('refused headers', () => {
  const clientCert = (value: string): Headers => ({ 'client-cert': value })
  const nginx = (value: string): Headers => ({ 'x-ssl-client-cert': value })
  const haproxy = (value: string): Headers => ({ 'x-ssl-client-der': value })
  const envoy = (value: string): Headers => ({ 'x-forwarded-client-cert': value })
  const aws = (value: string): Headers => ({ 'x-amzn-mtls-clientcert': value })
  const traefik = (value: string): Headers => ({ 'x-forwarded-tls-client-cert': value })
  const cert = (issued: Issued) => `Cert="${escapedPem(issued)}"`
  const cases: readonly (readonly [...Case, RegExp])[] = [
    ['RFC 9440: no colons', 'client-cert', clientCert(base64(client)), /between colons/],
    ['RFC 9440: nothing between the colons', 'client-cert', clientCert('::'), /between colons/],
    ['RFC 9440: one colon', 'client-cert', clientCert(':'), /between colons/],
    ['RFC 9440: a space within', 'client-cert', clientCert(`: ${base64(client)}:`), /between colons/],
    ['RFC 9440: base64url', 'client-cert', clientCert(':-_-_:'), /between colons/],
    ['RFC 9440: PEM', 'client-cert', clientCert(escapedPem(client)), /between colons/],
    ['RFC 9440: bytes that are no certificate', 'client-cert', clientCert(':AAAA:'), /can not be read/],
    [
      'RFC 9440: bytes after the certificate',
      'client-cert',
      clientCert(`:${Buffer.concat([client.certificate.raw, Buffer.of(0)]).toString('base64')}:`),
      /bytes follow/,
    ],
    [
      'RFC 9440: PEM within base64, which is not DER',
      'client-cert',
      clientCert(`:${Buffer.from(client.pem).toString('base64')}:`),
      /not DER/,
    ],
    [
      'RFC 9440: the header twice',
      'client-cert',
      clientCert(`${sequence(client)}, ${sequence(client)}`),
      /between colons/,
    ],
    ['RFC 9440: the header as a list', 'client-cert', { 'client-cert': [sequence(client)] }, /more than once/],
    [
      'RFC 9440: one of the chain malformed',
      'client-cert',
      { ...clientCert(sequence(client)), 'client-cert-chain': `${sequence(root)}, ` },
      /between colons/,
    ],
    [
      'RFC 9440: six in the chain',
      'client-cert',
      { ...clientCert(sequence(client)), 'client-cert-chain': Array(6).fill(sequence(root)).join(',') },
      /over 5/,
    ],
    ['RFC 9440: a certificate over 16 KiB', 'client-cert', clientCert(sequence(huge)), /over 16384 bytes/],
    ['RFC 9440: a header of a megabyte', 'client-cert', clientCert(`:${'A'.repeat(1 << 20)}:`), /too long/],
    ['nginx: the header twice', 'nginx', nginx(`${escapedPem(client)}, ${escapedPem(client)}`), /percent-encoded PEM/],
    ['nginx: something else before it', 'nginx', nginx(`x, ${escapedPem(client)}`), /percent-encoded PEM/],
    ['forged-certificate-header: nginx: two certificates', 'nginx', nginx(escapedPem(client, victim)), /exactly one/],
    ['nginx: no PEM', 'nginx', nginx(base64(client)), /percent-encoded PEM/],
    ['nginx: %zz', 'nginx', nginx(`%zz${escapedPem(client)}`), /percent-encoded PEM/],
    ['nginx: no end', 'nginx', nginx(escapedPem(client).slice(0, 300)), /percent-encoded PEM/],
    ['nginx: a lone percent sign', 'nginx', nginx('%'), /percent-encoded PEM/],
    ['HAProxy: the header twice', 'haproxy', haproxy(`${base64(client)}, ${base64(client)}`), /base64 of one/],
    ['HAProxy: no base64', 'haproxy', haproxy('???'), /base64 of one/],
    ['HAProxy: unused bits set', 'haproxy', haproxy('AAF='), /base64 of one/],
    [
      'HAProxy: a second certificate appended, as in ssl_c_chain_der',
      'haproxy',
      haproxy(Buffer.concat([client.certificate.raw, victim.certificate.raw]).toString('base64')),
      /bytes follow/,
    ],
    [
      'AWS: the header twice',
      'aws-alb',
      aws(`${escapedByAws(client)}, ${escapedByAws(client)}`),
      /percent-encoded PEM/,
    ],
    ['AWS: six in the chain', 'aws-alb', aws(escapedByAws(client, ...Array(6).fill(root))), /over 5/],
    ['AWS: no PEM', 'aws-alb', aws(base64(client)), /percent-encoded PEM/],
    [
      'AWS: spaces for plus signs',
      'aws-alb',
      aws(escapedByAws(client).replaceAll('+', ' ').replace('-----BEGIN', 'x')),
      /percent-encoded PEM/,
    ],
    [
      'AWS, verified: two certificates',
      'aws-alb-verify',
      { 'x-amzn-mtls-clientcert-leaf': escapedByAws(client, victim) },
      /exactly one/,
    ],
    ['Traefik: the header twice', 'traefik', traefik(`${base64(client)}, ${base64(victim)}`), /base64 of certificates/],
    ['Traefik: PEM with its lines', 'traefik', traefik(escapedPem(client)), /base64 of certificates/],
    ['Traefik: nothing after a comma', 'traefik', traefik(`${base64(client)},`), /base64 of certificates/],
    ['Traefik: %zz', 'traefik', traefik('%zz'), /base64 of certificates/],
    ['Traefik: bytes that are no certificate', 'traefik', traefik('AAAA'), /can not be read/],
    ['Traefik: six in the chain', 'traefik', traefik([client, ...Array(6).fill(root)].map(base64).join(',')), /over 5/],
    [
      "Envoy: its documentation's example of two elements",
      'envoy',
      envoy(
        'By=http://frontend.lyft.com;Hash=468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688;URI=http://testclient.lyft.com,By=http://backend.lyft.com;Hash=9ba61d6425303443c0748a02dd8de688468ed33be74eee6556d90c0149c1309e;URI=http://frontend.lyft.com',
      ),
      /several elements.*SANITIZE_SET/,
    ],
    ['Envoy: an element of the previous client', 'envoy', envoy(`${cert(victim)},${cert(client)}`), /several elements/],
    [
      'Envoy: a URI name that begins another element',
      'envoy',
      envoy(`${BY};Hash=${hash(client)};${cert(client)};URI=x,By=y;${cert(victim)}`),
      /several elements/,
    ],
    [
      'Envoy: a URI name with a certificate, when Envoy sends none',
      'envoy',
      envoy(`${BY};Hash=${hash(client)};URI=x;${cert(victim)}`),
      /Hash is not/,
    ],
    ['Envoy: Cert twice', 'envoy', envoy(`${cert(client)};${cert(client)}`), /cert is there twice/],
    [
      'Envoy: Hash twice',
      'envoy',
      envoy(`Hash=${hash(client)};${cert(victim)};Hash=${hash(victim)}`),
      /hash is there twice/,
    ],
    ['Envoy: the Hash of another', 'envoy', envoy(`Hash=${hash(client)};${cert(victim)}`), /Hash is not/],
    ['Envoy: two certificates in Cert', 'envoy', envoy(`Cert="${escapedPem(client, victim)}"`), /Cert is not one/],
    ['Envoy: no PEM in Cert', 'envoy', envoy('Cert="%00"'), /percent-encoded PEM/],
    ['Envoy: an unterminated quote', 'envoy', envoy('Cert="abc'), /not pairs/],
    ['Envoy: no pair', 'envoy', envoy('Cert'), /not pairs/],
    ['Envoy: nothing after a semicolon', 'envoy', envoy(`${cert(client)};`), /not pairs/],
    ['Envoy: something after a quote', 'envoy', envoy(`${cert(client)}x`), /not pairs/],
  ]
  test.each(cases)('%s', (_name, format, headers, problem) => {
    const refused = attempt(format, headers)
    expect(refused).toMatchObject({ reason: 'certificate_malformed' })
    expect(refused).toMatchObject({ detail: { problem: expect.stringMatching(problem) } })
  })
})

describe('any header is read or refused', () => {
  const names = [
    'client-cert',
    'client-cert-chain',
    'x-ssl-client-cert',
    'ssl-client-cert',
    'x-forwarded-client-cert',
    'x-ssl-client-der',
    'x-amzn-mtls-clientcert',
    'x-amzn-mtls-clientcert-leaf',
    'x-forwarded-tls-client-cert',
  ]
  const good = [
    sequence(client),
    escapedPem(client),
    base64(client),
    escapedByAws(client),
    `${base64(client)},${base64(root)}`,
    `Hash=${hash(client)};Cert="${escapedPem(client)}"`,
  ]
  /** A good value with a piece replaced. */
  const spoiled = fc
    .tuple(fc.constantFrom(...good), fc.nat(4000), fc.nat(10), fc.string({ maxLength: 10 }))
    .map(([value, at, length, text]) => value.slice(0, at) + text + value.slice(at + length))
  const value = fc.oneof(spoiled, fc.string(), fc.stringMatching(/^[A-Za-z]+="?[%\\";,=:A-Z]*"?$/))

  test.each(certificateHeaderFormats)('%s', (format) => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (headers) => {
        const result = attempt(format, headers)
        if (result instanceof MalformedCertificate) return
        else expect(result).not.toBeInstanceOf(Error)
      }),
      { numRuns: 1000 },
    )
  })
})
