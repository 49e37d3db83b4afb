import { X509Certificate } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { TrustAnchors } from '../../../src/client-auth/certificates/anchors.ts'
import { checkChain } from '../../../src/client-auth/certificates/chain.ts'
import { checkCertificate } from '../../../src/client-auth/certificates/path.ts'
import { Certificate } from '../../../src/crypto/x509/certificate.ts'
import { certificateOfDer } from '../../../src/crypto/x509/peer.ts'
import { UserError } from '../../../src/platform/user-error.ts'
import {
  ca,
  DAY,
  digitalSignature,
  ecKeys,
  extendedUsage,
  extension,
  type Issued,
  issue,
  issueAuthority,
  keyCertSign,
  keyEncipherment,
  NOW,
  notCa,
  present,
  rsaKeys,
  usage,
} from '../../harness/certificates.ts'

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

const root = await issueAuthority('CN=Root,O=Example')
const intermediate = await issueAuthority('CN=Intermediate,O=Example', root)
const stranger = await issueAuthority('CN=Stranger')
/** An intermediate with the root's name and another key. */
const impostor = await issueAuthority('CN=Root,O=Example')
const client = await issue({ issuer: root })
const oldRoot = await issueAuthority('CN=Old root', undefined, { hash: 'SHA-1' })
const anchors = TrustAnchors.parse(`${root.pem}\n${oldRoot.pem}`)

type Case = readonly [string, () => Promise<readonly [Issued, ...Issued[]]>]

const fromRoot = (more: Parameters<typeof issue>[0]) => issue({ issuer: root, ...more })
const under = async (authority: Parameters<typeof issue>[0]): Promise<readonly [Issued, Issued]> => {
  const between = await fromRoot({ subject: 'CN=Between', ...authority })
  return [await issue({ issuer: between }), between]
}

describe('accepted certificates', () => {
  const cases: readonly Case[] = [
    ['issued by an anchor', async () => [await fromRoot({})]],
    [
      'issued by an intermediate in the presented chain',
      async () => [await issue({ issuer: intermediate }), intermediate],
    ],
    ['the anchor in the presented chain', async () => [await issue({ issuer: intermediate }), intermediate, root]],
    [
      'forged-certificate-header: unrelated certificates in the presented chain, in any order',
      async () => [await issue({ issuer: intermediate }), stranger, impostor, root, intermediate],
    ],
    [
      'five certificates in all',
      async () => {
        const second = await issueAuthority('CN=Second', intermediate)
        const third = await issueAuthority('CN=Third', second)
        return [await issue({ issuer: third }), intermediate, third, second]
      },
    ],
    ['keyUsage digitalSignature', async () => [await fromRoot({ extensions: [notCa, usage(digitalSignature)] })]],
    ['extendedKeyUsage clientAuth', async () => [await fromRoot({ extensions: [extendedUsage(CLIENT_AUTH)] })]],
    ['anyExtendedKeyUsage', async () => [await fromRoot({ extensions: [extendedUsage('2.5.29.37.0')] })]],
    [
      'an unknown extension that is not critical',
      async () => [await fromRoot({ extensions: [extension('1.2.3', false)] })],
    ],
    // Each is known, and restricts nothing: a key identifier, any policy, and the key identifier of the issuer.
    ...[
      ['2.5.29.14', '04020102'],
      ['2.5.29.32', '300830060604551d2000'],
      ['2.5.29.35', '3000'],
    ].map(
      ([oid = '', hex]): Case => [
        `the critical extension ${oid}`,
        async () => [await fromRoot({ extensions: [extension(oid, true, hex)] })],
      ],
    ),
    ['a path length of zero, with no authority below', async () => under({ extensions: [ca(0)] })],
    ['an authority without keyUsage', async () => under({ extensions: [ca()] })],
    [
      'an anchor that signed itself with SHA-1: its own signature isn’t verified (RFC 5280 §6.1.1 (d))',
      async () => [await issue({ issuer: oldRoot })],
    ],
    ['in its first second', async () => [await fromRoot({ notBefore: NOW })]],
    [
      'valid without end (RFC 5280 §4.1.2.5)',
      async () => [await fromRoot({ notAfter: Date.parse('9999-12-31T23:59:59Z') })],
    ],
    ['in its last second', async () => [await fromRoot({ notAfter: NOW })]],
    ['RSA of 2048 bits', async () => [await fromRoot({ keys: await rsaKeys(2048) })]],
    ['P-384', async () => [await fromRoot({ keys: await ecKeys('P-384') })]],
    [
      'an authority that signs with RSASSA-PSS and SHA-256',
      async () => under({ keys: await rsaKeys(2048, 'RSA-PSS'), extensions: [ca()] }),
    ],
    [
      'an authority that certified its own new key, which doesn’t count for path lengths',
      async () => {
        const limited = await fromRoot({ subject: 'CN=Limited', extensions: [ca(0)] })
        const renewed = await issueAuthority('CN=Limited', limited)
        return [await issue({ issuer: renewed }), renewed, limited]
      },
    ],
  ]
  test.each(cases)('%s', async (_name, make) => {
    const [leaf, ...chain] = await make()
    expect(checkChain(present(leaf, ...chain), anchors, NOW)).toBeUndefined()
  })
})

describe('refused certificates', () => {
  const untrusted: readonly (readonly [...Case, problem: string, subject?: string])[] = [
    [
      'issued by an unknown authority',
      async () => [await issue({ issuer: stranger }), stranger],
      'no_path',
      'CN=Stranger',
    ],
    ['self-signed', async () => [await issue()], 'no_path', 'CN=client'],
    ['the anchor itself', async () => [root], 'no_path', 'CN=Root,O=Example'],
    [
      'issued by an impostor with the name of an anchor',
      async () => [await issue({ issuer: impostor }), impostor],
      'no_path',
      'CN=Root,O=Example',
    ],
    [
      'an intermediate missing from the presented chain',
      async () => [await issue({ issuer: intermediate })],
      'no_path',
    ],
    [
      'signed by one authority in the name of another',
      async () => [await issue({ issuer: stranger, issuerName: 'CN=Root,O=Example' })],
      'no_path',
    ],
    [
      'two authorities that certify each other',
      async () => {
        const keys = await ecKeys()
        const one = await issueAuthority('CN=One', stranger, { keys })
        const two = await issueAuthority('CN=Two', one)
        const again = await issueAuthority('CN=One', two, { keys })
        return [await issue({ issuer: again }), again, two]
      },
      'no_path',
      'CN=Two',
    ],
    [
      'six certificates in all',
      async () => {
        const second = await issueAuthority('CN=Second', intermediate)
        const third = await issueAuthority('CN=Third', second)
        const fourth = await issueAuthority('CN=Fourth', third)
        return [await issue({ issuer: fourth }), fourth, third, second, intermediate]
      },
      'chain_too_long',
      'CN=Intermediate,O=Example',
    ],
    [
      'an issuer that is not an authority',
      async () => under({ extensions: [notCa, usage(digitalSignature)] }),
      'not_a_ca',
      'CN=Between',
    ],
    ['an issuer without basicConstraints', async () => under({}), 'not_a_ca', 'CN=Between'],
    [
      'an authority without keyCertSign',
      async () => under({ extensions: [ca(), usage(digitalSignature)] }),
      'may_not_sign',
      'CN=Between',
    ],
    [
      'one authority more than the path length allows',
      async () => {
        const limited = await fromRoot({ subject: 'CN=Limited', extensions: [ca(0)] })
        const below = await issueAuthority('CN=Below', limited)
        return [await issue({ issuer: below }), below, limited]
      },
      'path_too_long',
      'CN=Limited',
    ],
    [
      'a key identifier that the issuer doesn’t have (RFC 5280 §4.2.1.1)',
      async () => {
        const between = await fromRoot({
          subject: 'CN=Between',
          extensions: [ca(), extension('2.5.29.14', false, '0402aaaa')],
        })
        return [await issue({ issuer: between, extensions: [extension('2.5.29.35', false, '30048002bbbb')] }), between]
      },
      'not_issued',
    ],
    ['no digitalSignature', async () => [await fromRoot({ extensions: [usage(keyEncipherment)] })], 'key_usage'],
    ['for servers', async () => [await fromRoot({ extensions: [extendedUsage(SERVER_AUTH)] })], 'extended_key_usage'],
    [
      'an authority for server certificates only',
      async () => under({ extensions: [ca(), usage(keyCertSign), extendedUsage(SERVER_AUTH)] }),
      'extended_key_usage',
      'CN=Between',
    ],
    ['RSA of 1024 bits', async () => [await fromRoot({ keys: await rsaKeys(1024) })], 'weak_key'],
    [
      'an authority with RSA of 1024 bits',
      async () => under({ keys: await rsaKeys(1024), extensions: [ca()] }),
      'weak_key',
      'CN=Between',
    ],
    ['ECDSA with SHA-1', async () => [await fromRoot({ hash: 'SHA-1' })], 'weak_signature'],
    [
      'RSA with SHA-1',
      async () => {
        const keys = await rsaKeys(2048, 'RSASSA-PKCS1-v1_5', 'SHA-1')
        const between = await fromRoot({ subject: 'CN=Between', keys, extensions: [ca()] })
        return [await issue({ issuer: between, hash: 'SHA-1' }), between]
      },
      'weak_signature',
    ],
    [
      'RSASSA-PSS with SHA-1',
      async () => {
        const keys = await rsaKeys(2048, 'RSA-PSS', 'SHA-1')
        const between = await fromRoot({ subject: 'CN=Between', keys, extensions: [ca()] })
        return [await issue({ issuer: between, hash: 'SHA-1' }), between]
      },
      'weak_signature',
    ],
    [
      'an authority signed with SHA-1',
      async () => under({ hash: 'SHA-1', extensions: [ca()] }),
      'weak_signature',
      'CN=Between',
    ],
    [
      'an unknown critical extension',
      async () => [await fromRoot({ extensions: [extension('1.2.3', true)] })],
      'unknown_critical_extension',
    ],
    [
      'an unknown critical extension of an authority',
      async () => under({ extensions: [ca(), extension('2.5.29.36', true, '3000')] }),
      'unknown_critical_extension',
      'CN=Between',
    ],
    ...[true, false].map(
      (isCritical) =>
        [
          `name constraints, critical: ${isCritical}`,
          async () => under({ extensions: [ca(), extension('2.5.29.30', isCritical, '3000')] }),
          'name_constraints',
          'CN=Between',
        ] as const,
    ),
  ]
  const cases = untrusted.map(([name, make, problem, subject = 'CN=client']) => [name, make, problem, subject] as const)
  test.each(cases)('%s', async (_name, make, problem, subject) => {
    const [leaf, ...chain] = await make()
    expect(checkChain(present(leaf, ...chain), anchors, NOW)).toEqual({
      reason: 'certificate_untrusted',
      detail: expect.objectContaining({ problem, subject, meaning: expect.stringMatching(/\.$/) }),
    })
  })

  const outOfDate: readonly (readonly [...Case, string, Record<string, string>])[] = [
    [
      'expired a second ago',
      async () => [await fromRoot({ notAfter: NOW - 1000 })],
      'certificate_expired',
      { not_after: '2026-05-31T23:59:59.000Z', now: '2026-06-01T00:00:00.000Z', subject: 'CN=client' },
    ],
    [
      'valid in a second',
      async () => [await fromRoot({ notBefore: NOW + 1000 })],
      'certificate_not_yet_valid',
      { not_before: '2026-06-01T00:00:01.000Z', subject: 'CN=client' },
    ],
    [
      'an authority that has expired',
      async () => under({ extensions: [ca()], notAfter: NOW - DAY }),
      'certificate_expired',
      { subject: 'CN=Between' },
    ],
  ]
  test.each(outOfDate)('%s', async (_name, make, reason, detail) => {
    const [leaf, ...chain] = await make()
    expect(checkChain(present(leaf, ...chain), anchors, NOW)).toEqual({
      reason,
      detail: expect.objectContaining(detail),
    })
  })

  test('an anchor that has expired', async () => {
    const leaf = present(await fromRoot({ notAfter: NOW + 1000 * DAY }))
    expect(checkChain(leaf, anchors, NOW + 99 * DAY)).toBeUndefined()
    expect(checkChain(leaf, anchors, NOW + 101 * DAY)).toMatchObject({
      reason: 'certificate_expired',
      detail: { subject: 'CN=Root,O=Example' },
    })
  })

  test('a signature with a flipped bit', async () => {
    const { certificate } = await fromRoot({})
    const der = Buffer.from(certificate.raw)
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
    expect(checkChain(certificateOfDer(der, []), anchors, NOW)).toMatchObject({ detail: { problem: 'no_path' } })
  })
})

test('if one of two paths has expired, the other is used', async () => {
  const keys = await ecKeys()
  const old = await issueAuthority('CN=Crossed', root, { keys, notAfter: NOW - DAY })
  const fresh = await issueAuthority('CN=Crossed', root, { keys })
  const leaf = await issue({ issuer: fresh })
  expect(checkChain(present(leaf, old, fresh), anchors, NOW)).toBeUndefined()
  expect(checkChain(present(leaf, old), anchors, NOW)).toMatchObject({ reason: 'certificate_expired' })
})

test('megabyte-fields: authorities that all issued each other cost only a few signatures', async () => {
  const keys = await ecKeys('P-521')
  const crowd: Issued[] = []
  const first = await issueAuthority('CN=Crowd', undefined, { keys })
  for (let count = 0; count < 5; count += 1) crowd.push(await issueAuthority('CN=Crowd', first, { keys }))
  const presented = present(await issue({ issuer: first }), ...crowd)
  const verify = vi.spyOn(X509Certificate.prototype, 'verify')
  expect(checkChain(presented, anchors, NOW)).toMatchObject({ reason: 'certificate_untrusted' })
  expect(verify.mock.calls.length).toBeLessThanOrEqual(2)
  verify.mockRestore()
})

describe('a resumed session, which doesn’t have its chain any more', () => {
  const resumed = (leaf: Issued) => ({ ...present(leaf), isResumed: true })

  test('is accepted if the intermediate led to an anchor before', async () => {
    const own = TrustAnchors.parse(root.pem)
    const leaf = await issue({ issuer: intermediate })
    expect(checkChain(resumed(leaf), own, NOW)).toMatchObject({ detail: { problem: 'no_path' } })
    expect(checkChain(present(leaf, stranger, intermediate), own, NOW)).toBeUndefined()
    expect(own.intermediates.map(({ x509 }) => x509.subject)).toEqual([intermediate.certificate.subject])
    expect(checkChain(resumed(leaf), own, NOW)).toBeUndefined()
    // A full handshake counts only the presented chain: the answer must not depend on earlier clients.
    expect(checkChain(present(leaf), own, NOW)).toMatchObject({ detail: { problem: 'no_path' } })
  })

  test('is refused if the intermediate led to no anchor', async () => {
    const own = TrustAnchors.parse(root.pem)
    const unusable = await issueAuthority('CN=Unusable', stranger)
    const leaf = await issue({ issuer: unusable })
    checkChain(present(leaf, unusable, stranger), own, NOW)
    expect(checkChain(resumed(leaf), own, NOW)).toMatchObject({ detail: { problem: 'no_path' } })
    expect(own.intermediates).toEqual([])
  })

  test('the intermediates used most recently are remembered', async () => {
    const own = TrustAnchors.parse(root.pem)
    const many = await Promise.all(Array.from({ length: 65 }, (_, index) => issueAuthority(`CN=Many ${index}`, root)))
    own.remember(many.slice(0, 64).map(({ certificate }) => new Certificate(certificate)))
    own.remember(many.slice(0, 1).map(({ certificate }) => new Certificate(certificate)))
    own.remember(many.slice(64).map(({ certificate }) => new Certificate(certificate)))
    const subjects = own.intermediates.map(({ x509 }) => x509.subject)
    expect(subjects).toHaveLength(64)
    expect(subjects).toContain('CN=Many 0')
    expect(subjects).not.toContain('CN=Many 1')
  })
})

describe('a certificate alone, as self-signed ones are checked', () => {
  const cases: readonly (readonly [string, Parameters<typeof issue>[0], string | undefined])[] = [
    ['a good certificate', {}, undefined],
    ['a certificate signed with SHA-1, whose self-signature proves nothing', { hash: 'SHA-1' }, undefined],
    ['expired', { notAfter: NOW - DAY }, 'expired'],
    ['no digitalSignature', { extensions: [usage(keyEncipherment)] }, 'key_usage'],
    ['for servers', { extensions: [extendedUsage(SERVER_AUTH)] }, 'extended_key_usage'],
  ]
  test.each(cases)('%s', async (_name, spec, problem) => {
    expect(checkCertificate(new Certificate((await issue(spec)).certificate), NOW)?.detail.problem).toBe(problem)
  })
})

describe('trust anchors', () => {
  test('several, with text in between', async () => {
    const both = TrustAnchors.parse(`# ours\n${stranger.pem}\n\nRoot of Example\n${root.pem}\n`)
    expect(both.certificates.map(({ x509 }) => x509.fingerprint256)).toEqual([
      stranger.certificate.fingerprint256,
      root.certificate.fingerprint256,
    ])
    expect(checkChain(present(await issue({ issuer: stranger })), both, NOW)).toBeUndefined()
  })

  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['nothing', '', /no readable certificate/],
    ['a key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', /no readable certificate/],
    ['a truncated certificate', root.pem.slice(0, 200), /trust anchor 1 is not a certificate that can be read/],
    ['a truncated certificate among others', `${stranger.pem}${root.pem.slice(0, 200)}`, /trust anchor 2 is not/],
    ['one without an end line before another', `${root.pem.slice(0, 200)}\n${root.pem}`, /trust anchor 1 is not/],
    [
      'one with bad base64 among others',
      `${root.pem}\n-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n${root.pem}`,
      /trust anchor 2 is not/,
    ],
    [
      'bytes that are no certificate',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
      /trust anchor 1 is not/,
    ],
    [
      'a client certificate among authorities',
      `${root.pem}\n${client.pem}`,
      /trust anchor 2 \(CN=client\) is not an authority/,
    ],
  ]
  test.each(cases)('%s is refused', (_name, pem, message) => {
    expect(() => TrustAnchors.parse(pem)).toThrow(UserError)
    expect(() => TrustAnchors.parse(pem)).toThrow(message)
  })
})
