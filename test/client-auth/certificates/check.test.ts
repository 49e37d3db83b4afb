import { describe, expect, test } from 'vitest'
import { CertificateCheck } from '../../../src/client-auth/certificates/check.ts'
import { describe as describeCertificate } from '../../../src/client-auth/certificates/describe.ts'
import { DAY, type Issued, issue, issueAuthority, NOW, present, sans } from '../../harness/certificates.ts'
import { standingClock } from '../../harness/clock.ts'

const root = await issueAuthority('CN=Root')
const otherRoot = await issueAuthority('CN=Other')
const intermediate = await issueAuthority('CN=Between', root)
const leaf = await issue({ issuer: root })
const deep = await issue({ issuer: intermediate })

const refusedFor = (reason: string, detail: object) =>
  expect.objectContaining({ name: 'Refusal', reason, detail: expect.objectContaining(detail) })

function setUp(authority: Issued | undefined = root) {
  const clock = standingClock(NOW / 1_000)
  return { clock, check: new CertificateCheck(authority?.pem, clock) }
}

test('without authorities, no certificate is trusted, and an administrator reads why', () => {
  const check = new CertificateCheck(undefined, standingClock(NOW / 1_000))
  expect(() => check.requireTrusted(present(leaf))).toThrow(
    refusedFor('certificate_untrusted', { problem: 'tls.client_ca is not configured' }),
  )
  expect(() => check.learn(present(deep, intermediate))).not.toThrow()
})

test.each<[string, string]>([
  ['no PEM', 'trust'],
  ['a certificate of no authority', leaf.pem],
])('authorities that are %s are refused, at the start and later', (_name, pem) => {
  expect(() => new CertificateCheck(pem, standingClock())).toThrow(/^tls\.client_ca: /)
  expect(() => setUp().check.prepareAuthorities(pem)).toThrow(/^tls\.client_ca: /)
})

describe('a certificate', () => {
  test('of an authority is trusted, and one of another is refused', () => {
    const { check } = setUp()
    expect(() => check.requireTrusted(present(leaf))).not.toThrow()
    expect(() => setUp(otherRoot).check.requireTrusted(present(leaf))).toThrow(
      refusedFor('certificate_untrusted', { problem: 'no_path' }),
    )
  })

  test.each([
    ['certificate_expired', 'expired', { notAfter: NOW - DAY }],
    ['certificate_not_yet_valid', 'not_yet_valid', { notBefore: NOW + DAY }],
  ])('is refused as %s', async (reason, problem, dates) => {
    const outdated = await issue({ issuer: root, ...dates })
    expect(() => setUp().check.requireTrusted(present(outdated))).toThrow(refusedFor(reason, { problem }))
  })

  test('of one connection is checked again after a minute', async () => {
    const { clock, check } = setUp()
    const presented = present(await issue({ issuer: root, notAfter: NOW + 1_000 }))
    check.requireTrusted(presented)
    clock.advance(59_999)
    expect(() => check.requireTrusted(presented)).not.toThrow()
    clock.advance(1)
    expect(() => check.requireTrusted(presented)).toThrow(refusedFor('certificate_expired', {}))
  })

  test('is checked for each connection', async () => {
    const { clock, check } = setUp()
    const shortLived = await issue({ issuer: root, notAfter: NOW + 1_000 })
    check.requireTrusted(present(shortLived))
    clock.advance(2_000)
    expect(() => check.requireTrusted(present(shortLived))).toThrow(refusedFor('certificate_expired', {}))
  })

  test('is judged by new authorities from the moment that they are in use', () => {
    const { check } = setUp()
    const presented = present(leaf)
    check.requireTrusted(presented)
    const use = check.prepareAuthorities(otherRoot.pem)
    expect(() => check.requireTrusted(presented)).not.toThrow()
    use()
    expect(() => check.requireTrusted(presented)).toThrow(refusedFor('certificate_untrusted', {}))
    check.prepareAuthorities(undefined)()
    expect(() => check.requireTrusted(presented)).toThrow(/certificate_untrusted/)
    check.prepareAuthorities(root.pem)()
    expect(() => check.requireTrusted(presented)).not.toThrow()
  })
})

describe('the chain of an earlier request of a TLS session', () => {
  const resumed = { ...present(deep), isResumed: true }

  test('serves the session once it is resumed', () => {
    const { check } = setUp()
    expect(() => check.requireTrusted(resumed)).toThrow(refusedFor('certificate_untrusted', { problem: 'no_path' }))
    // The authority is known, and the certificate between is not.
    check.learn(present(deep, intermediate, root))
    expect(() => check.requireTrusted({ ...resumed })).not.toThrow()
    expect(() => check.requireTrusted({ ...present(deep) })).toThrow(refusedFor('certificate_untrusted', {}))
  })

  test('does not serve if it leads to no authority', () => {
    const { check } = setUp(otherRoot)
    expect(() => check.learn(present(deep, intermediate))).not.toThrow()
    expect(() => check.requireTrusted(resumed)).toThrow(refusedFor('certificate_untrusted', {}))
  })
})

test('an administrator reads who a certificate is for and by whom, with twenty names at most', async () => {
  const names = Array.from({ length: 25 }, (_, index) => ({ type: 'dns' as const, value: `host-${index}.example` }))
  const { leaf: certificate, thumbprint } = present(await issue({ issuer: root, extensions: [sans(...names)] }))
  expect(describeCertificate(certificate)).toEqual({
    subject: 'CN=client',
    issuer: 'CN=Root',
    sans: names.slice(0, 20).map(({ value }) => `dns:${value}`),
    thumbprint,
    not_before: certificate.contents.notBefore.toISOString(),
    not_after: certificate.contents.notAfter.toISOString(),
  })
})
