import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { expect, describe as group, test } from 'vitest'
import { TrustAnchors } from '../../../src/client-auth/certificates/anchors.ts'
import { checkChain } from '../../../src/client-auth/certificates/chain.ts'
import { describe } from '../../../src/client-auth/certificates/describe.ts'
import { Certificate } from '../../../src/crypto/x509/certificate.ts'
import { MalformedCertificate } from '../../../src/crypto/x509/malformed-certificate.ts'
import { certificateOfDer, thumbprintOf } from '../../../src/crypto/x509/peer.ts'
import { type CertificateMatcher, matches, parseMatcher } from '../../../src/model/credentials/certificate-subject.ts'
import { UserError } from '../../../src/platform/user-error.ts'
import { extension, type Issued, issue, issueAuthority, NOW, sans } from '../../harness/certificates.ts'

const root = await issueAuthority('CN=Root')

/** In the order of the DER: the text begins at the end. */
const full = await issue({
  issuer: root,
  subject: [
    { C: ['DE'] },
    { O: ['Acme, Inc.'] },
    { OU: ['Robots'], CN: ['Client  One'] },
    { '1.2.3.4': [{ utf8String: 'own' }] },
  ],
  extensions: [
    sans(
      { type: 'dns', value: 'Client.Example' },
      { type: 'dns', value: '*.wild.example' },
      { type: 'url', value: 'spiffe://example.org/ns/default/sa/client' },
      { type: 'ip', value: '192.0.2.1' },
      { type: 'ip', value: '2001:db8::1' },
      { type: 'email', value: 'Robot@Example.com' },
      { type: 'upn', value: 'someone@example.com' },
      { type: 'dn', value: 'CN=directory' },
    ),
  ],
})
const SUBJECT = String.raw`1.2.3.4=own,OU=Robots+CN=Client  One,O=Acme\, Inc.,C=DE`
const bare = await issue({ issuer: root, subject: 'CN=bare' })
const nameless = await issue({ issuer: root, subject: '' })
/** CVE-2021-44532, CVE-2021-44533: names with the separators of Node's text for names. */
const injected = await issue({
  issuer: root,
  subject: [{ CN: ['evil\nCN=admin'] }, { O: ['x, CN=admin'] }],
  extensions: [
    sans(
      { type: 'dns', value: 'evil.example, DNS:admin.example' },
      { type: 'url', value: 'http://evil/, DNS:admin.example' },
      { type: 'email', value: 'admin@example.com\0.evil.example' },
    ),
  ],
})

group('whether a certificate is the one registered', () => {
  const cases: readonly (readonly [string, Issued, CertificateMatcher, boolean])[] = [
    ['the name', full, { subject_dn: SUBJECT }, true],
    ['the name in another case', full, { subject_dn: SUBJECT.toLowerCase() }, true],
    [
      'spaces around separators',
      full,
      { subject_dn: String.raw`1.2.3.4 = own , OU=Robots + CN= Client One , O = Acme\2C Inc. ,C=DE` },
      true,
    ],
    [
      'the attributes of an RDN in another order',
      full,
      { subject_dn: String.raw`1.2.3.4=own,CN=Client One+OU=Robots,O=Acme\, Inc.,C=DE` },
      true,
    ],
    [
      'long names and OIDs',
      full,
      {
        subject_dn: String.raw`1.2.3.4=own,2.5.4.11=Robots+commonName=Client One,organizationName=Acme\, Inc.,2.5.4.6=DE`,
      },
      true,
    ],
    [
      'a value in hexadecimal',
      full,
      { subject_dn: String.raw`1.2.3.4=#0C036f776e,OU=Robots+CN=Client One,O=Acme\, Inc.,C=DE` },
      true,
    ],
    [
      'the reverse order, as openssl prints it',
      full,
      { subject_dn: String.raw`C=DE,O=Acme\, Inc.,OU=Robots+CN=Client One,1.2.3.4=own` },
      false,
    ],
    [
      'two RDNs instead of one',
      full,
      { subject_dn: String.raw`1.2.3.4=own,OU=Robots,CN=Client One,O=Acme\, Inc.,C=DE` },
      false,
    ],
    ['one RDN too few', full, { subject_dn: String.raw`OU=Robots+CN=Client One,O=Acme\, Inc.,C=DE` }, false],
    ['one RDN too many', full, { subject_dn: `${SUBJECT},DC=example` }, false],
    ['another type', full, { subject_dn: SUBJECT.replace('OU=', 'L=') }, false],
    ['spaces within', full, { subject_dn: SUBJECT.replace('Client  One', 'ClientOne') }, false],
    ['an empty name', nameless, { subject_dn: 'CN=client' }, false],
    ['an injected line', injected, { subject_dn: 'CN=admin' }, false],
    ['injected lines', injected, { subject_dn: 'O=x\\, CN=admin,CN=admin,CN=evil' }, false],
    ['the injected name verbatim', injected, { subject_dn: String.raw`O=x\, CN=admin,CN=evil\0ACN=admin` }, true],
    ['a host', full, { san_dns: 'client.example' }, true],
    ['a host in another case', full, { san_dns: 'CLIENT.example' }, true],
    ['a host with a trailing dot', full, { san_dns: 'client.example.' }, false],
    ['a host under a wildcard', full, { san_dns: 'a.wild.example' }, false],
    ['the wildcard itself', full, { san_dns: '*.wild.example' }, true],
    ['a part of a host', full, { san_dns: 'example' }, false],
    ['an injected host', injected, { san_dns: 'admin.example' }, false],
    ['a host, if the certificate has none', bare, { san_dns: 'client.example' }, false],
    ['the common name, which isn’t a host', bare, { san_dns: 'bare' }, false],
    ['a URI', full, { san_uri: 'spiffe://example.org/ns/default/sa/client' }, true],
    ['a URI in another case', full, { san_uri: 'spiffe://example.org/ns/default/sa/Client' }, false],
    ['the beginning of a URI', full, { san_uri: 'spiffe://example.org/ns/default/sa' }, false],
    ['an address', full, { san_ip: '192.0.2.1' }, true],
    ['another address', full, { san_ip: '192.0.2.10' }, false],
    ['an IPv6 address', full, { san_ip: '2001:db8::1' }, true],
    ['an IPv6 address in full', full, { san_ip: '2001:0DB8:0:0:0:0:0:1' }, true],
    ['another IPv6 address', full, { san_ip: '2001:db8::2' }, false],
    ['an IPv4 address as IPv6', full, { san_ip: '::ffff:192.0.2.1' }, false],
    ['an e-mail address, its domain in another case', full, { san_email: 'Robot@EXAMPLE.com' }, true],
    ['an e-mail address, its local part in another case', full, { san_email: 'robot@example.com' }, false],
    ['an e-mail address up to a NUL', injected, { san_email: 'admin@example.com' }, false],
    ['a user principal name, which isn’t an e-mail address', full, { san_email: 'someone@example.com' }, false],
    ['a thumbprint', full, { thumbprint: thumbprintOf(full.certificate) }, true],
    ['the thumbprint of another certificate', full, { thumbprint: thumbprintOf(bare.certificate) }, false],
  ]
  test.each(cases)('%s', (_name, { certificate }, wanted, expected) => {
    expect(matches(new Certificate(certificate), parseMatcher(wanted))).toBe(expected)
  })
})

group('what may be registered', () => {
  const cases: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    ['nothing', {}, /exactly one of subject_dn, san_dns/],
    ['two', { san_dns: 'a.example', san_uri: 'urn:a' }, /exactly one/],
    ['an unknown kind', { san_upn: 'a' }, /san_upn is not one of/],
    ['a member that every object inherits', { constructor: 'a' }, /constructor is not one of/],
    ['a number', { san_dns: 1 }, /san_dns: not text/],
    ['no text', { subject_dn: null }, /subject_dn: not text/],
    ['an invalid name', { subject_dn: 'CN=a,,O=b' }, /subject_dn: the distinguished name is wrong at character 6/],
    ['an empty name', { subject_dn: '' }, /expected an attribute/],
    ['no host', { san_dns: 'a b' }, /not a host name/],
    ['a URI as host', { san_dns: 'https://a.example' }, /not a host name/],
    ['a relative URI', { san_uri: '/a' }, /not an absolute URI/],
    ['no address', { san_ip: '192.0.2' }, /not an IPv4/],
    ['a network', { san_ip: '192.0.2.0/24' }, /not an IPv4/],
    ['an address with a zone', { san_ip: 'fe80::1%eth0' }, /not an IPv4/],
    ['an invalid e-mail address', { san_email: 'example.com' }, /not an e-mail/],
    ['a fingerprint in hexadecimal', { thumbprint: full.certificate.fingerprint256 }, /base64url/],
    ['a thumbprint with unused bits set', { thumbprint: `${'A'.repeat(42)}B` }, /base64url/],
  ]
  test.each(cases)('%s is refused', (_name, input, message) => {
    expect(() => parseMatcher(input)).toThrow(UserError)
    expect(() => parseMatcher(input)).toThrow(message)
  })

  test('an undefined member counts as missing', () => {
    expect(parseMatcher({ san_dns: undefined, san_uri: 'urn:a' })).toEqual({ san_uri: 'urn:a' })
  })
})

test('the display of a certificate for administrators', () => {
  expect(describe(new Certificate(full.certificate))).toEqual({
    subject: SUBJECT,
    issuer: 'CN=Root',
    sans: [
      'dns:Client.Example',
      'dns:*.wild.example',
      'uri:spiffe://example.org/ns/default/sa/client',
      'ip:192.0.2.1',
      'ip:2001:db8::1',
      'email:Robot@Example.com',
    ],
    thumbprint: thumbprintOf(full.certificate),
    not_before: '2026-02-21T00:00:00.000Z',
    not_after: '2026-09-09T00:00:00.000Z',
  })
})

test('the display is bounded, and its values can be registered', async () => {
  const names = Array.from({ length: 30 }, (_, index) => ({
    type: 'dns' as const,
    value: `${index}.${'x'.repeat(300)}`,
  }))
  const long = await issue({ subject: [{ CN: ['x'.repeat(300)] }], extensions: [sans(...names)] })
  const { subject, sans: shown } = describe(new Certificate(long.certificate))
  expect([subject.length, shown.length, shown[0]?.length]).toEqual([256, 20, 256])
  const read = new Certificate(injected.certificate)
  expect(matches(read, { subject_dn: describe(read).subject })).toBe(true)
})

group('a certificate that OpenSSL reads and that is malformed', () => {
  const twice = [extension('1.2.3', false), extension('1.2.3', false)]
  const cases: readonly (readonly [string, Parameters<typeof issue>[0]])[] = [
    ['an extension twice', { extensions: twice }],
    ['invalid alternative names', { extensions: [extension('2.5.29.17', false, '0500')] }],
    ['a truncated alternative name', { extensions: [extension('2.5.29.17', false, '3004820561')] }],
    ['a host that is not ASCII', { extensions: [extension('2.5.29.17', false, '30038201e9')] }],
    ['an address of five bytes', { extensions: [extension('2.5.29.17', false, '300787050102030405')] }],
    ['bytes after the alternative names', { extensions: [extension('2.5.29.17', false, '3003820161' + '00')] }],
    ['a length in more bytes than necessary', { extensions: [extension('2.5.29.17', false, '308103820161')] }],
    ['an indefinite length', { extensions: [extension('2.5.29.17', false, '30808201610000')] }],
    ['an invalid boolean', { extensions: [extension('2.5.29.19', true, '30030101ee')] }],
    ['a negative path length', { extensions: [extension('2.5.29.19', true, '30060101ff0201ff')] }],
  ]
  test.each(cases)('%s', async (_name, spec) => {
    const { certificate } = await issue(spec)
    expect(() => describe(new Certificate(certificate))).toThrow(MalformedCertificate)
    expect(() => matches(new Certificate(certificate), { san_dns: 'a' })).toThrow('certificate_malformed')
  })
})

test('a certificate with any changed bytes is read or refused', () => {
  const anchors = TrustAnchors.parse(root.pem)
  const read = (der: Buffer): unknown => {
    const presented = certificateOfDer(der, [])
    matches(presented.leaf, { subject_dn: 'CN=a' })
    return [describe(presented.leaf), checkChain(presented, anchors, NOW)]
  }
  const { raw } = full.certificate
  const change = fc.tuple(fc.nat(raw.length - 1), fc.nat(255))
  let refused = 0
  let isRead = 0
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const der = Buffer.from(raw)
      for (const [at, octet] of changes) der[at] = octet
      try {
        read(der)
        isRead += 1
      } catch (error) {
        expect(error).toMatchObject({ reason: 'certificate_malformed' })
        refused += 1
      }
    }),
    { numRuns: 3000 },
  )
  expect(Math.min(refused, isRead)).toBeGreaterThan(100)
})

test('the injected names are in the certificate', () => {
  // If the library begins to escape its input, the injections above test nothing.
  const { subjectAltName = '' } = new X509Certificate(injected.pem)
  expect(subjectAltName).toContain('admin.example')
})
