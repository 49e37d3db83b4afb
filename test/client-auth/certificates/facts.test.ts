import { describe, expect, test } from 'vitest'
import { TrustAnchors } from '../../../src/client-auth/certificates/anchors.ts'
import { checkChain } from '../../../src/client-auth/certificates/chain.ts'
import { CertificateCheck } from '../../../src/client-auth/certificates/check.ts'
import {
  ca,
  ecKeys,
  extendedUsage,
  extension,
  type Issued,
  issue,
  issueAuthority,
  keyEncipherment,
  NOW,
  present,
  rsaKeys,
  usage,
} from '../../harness/certificates.ts'
import { standingClock } from '../../harness/clock.ts'

const root = await issueAuthority('CN=Root')
const anchors = TrustAnchors.parse(root.pem)
const stranger = await issueAuthority('CN=Stranger')

/** OpenSSL reads this certificate, and we don't: its basic constraints are not DER of that kind. */
const unreadable = await issue({ subject: 'CN=Between', extensions: [extension('2.5.29.19', true, '0500')] })

type Certificates = readonly [Issued, ...Issued[]]
const fromRoot = async (spec: Parameters<typeof issue>[0]): Promise<Certificates> => [
  await issue({ issuer: root, ...spec }),
]

describe('an administrator reads of a refused certificate', () => {
  test.each<[string, () => Promise<Certificates>, object]>([
    [
      'the issuer that is missing',
      async () => [await issue({ issuer: stranger })],
      { problem: 'no_path', subject: 'CN=client', issuer: 'CN=Stranger' },
    ],
    [
      'how many a path may have',
      async () => {
        const chain = [stranger]
        for (const name of ['A', 'B', 'C', 'D']) chain.unshift(await issueAuthority(`CN=${name}`, chain[0]))
        const [issuer = stranger] = chain
        return [await issue({ issuer }), ...chain]
      },
      { problem: 'chain_too_long', subject: 'CN=A', most: 5 },
    ],
    [
      'the path length that is exceeded, and by how many',
      async () => {
        const limited = await issue({ subject: 'CN=Limited', issuer: root, extensions: [ca(0)] })
        const below = await issueAuthority('CN=Below', limited)
        return [await issue({ issuer: below }), below, limited]
      },
      { problem: 'path_too_long', subject: 'CN=Limited', allowed: 0, received: 1 },
    ],
    [
      'the weakness of a key',
      async () => fromRoot({ keys: await rsaKeys(1024) }),
      { problem: 'weak_key', received: expect.stringContaining('1024') },
    ],
    [
      'the algorithm of a weak signature',
      () => fromRoot({ hash: 'SHA-1' }),
      { problem: 'weak_signature', received: expect.stringMatching(/sha-?1/i) },
    ],
    [
      'the extension that is not known',
      () => fromRoot({ extensions: [extension('1.2.3', true)] }),
      { problem: 'unknown_critical_extension', extension: '1.2.3' },
    ],
    [
      'the purposes of the certificate, ten at most',
      () => fromRoot({ extensions: [extendedUsage(...Array.from({ length: 12 }, (_, index) => `1.2.${index}`))] }),
      { problem: 'extended_key_usage', received: Array.from({ length: 10 }, (_, index) => `1.2.${index}`) },
    ],
    ['the missing usage', () => fromRoot({ extensions: [usage(keyEncipherment)] }), { problem: 'key_usage' }],
  ])('%s', async (_name, make, facts) => {
    const [leaf, ...chain] = await make()
    const { reason, detail } = checkChain(present(leaf, ...chain), anchors, NOW) ?? {}
    expect(reason).toBe('certificate_untrusted')
    expect(detail).toEqual({ meaning: expect.stringMatching(/^[A-Z].*\.$/), subject: expect.any(String), ...facts })
  })

  test('how many certificates may be sent along in a handshake', async () => {
    const [leaf] = await fromRoot({})
    const five = present(leaf, ...Array.from({ length: 5 }, () => stranger))
    const six = { ...five, chain: [...five.chain, ...five.chain.slice(0, 1)] }
    expect(checkChain(five, anchors, NOW)).toBeUndefined()
    expect(checkChain(six, anchors, NOW)).toMatchObject({
      detail: { problem: 'chain_too_long', subject: 'CN=client', most: 5 },
    })
  })

  test('a long name in part', async () => {
    const long = `CN=${'x'.repeat(60)}`
    const names = Array.from({ length: 8 }, () => long).join(',')
    const leaf = await issue({ issuer: await issueAuthority(names), subject: names })
    const { detail } = checkChain(present(leaf), anchors, NOW) ?? {}
    expect([detail?.['subject'], detail?.['issuer']].map((text) => String(text).length)).toEqual([256, 256])
  })
})

describe('a certificate is accepted', () => {
  test('if client authentication is one of several purposes', async () => {
    const [leaf] = await fromRoot({ extensions: [extendedUsage('1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2')] })
    expect(checkChain(present(leaf), anchors, NOW)).toBeUndefined()
  })

  test('if a certificate beside those of its path can’t be read', async () => {
    const between = await issueAuthority('CN=Between', root)
    const leaf = await issue({ issuer: between })
    expect(checkChain(present(leaf, unreadable, between), anchors, NOW)).toBeUndefined()
    expect(checkChain(present(leaf, unreadable), anchors, NOW)).toMatchObject({ detail: { problem: 'no_path' } })
  })

  test('if a resumed session still has its chain', async () => {
    const between = await issueAuthority('CN=Between', root)
    const presented = { ...present(await issue({ issuer: between }), between), isResumed: true }
    expect(checkChain(presented, TrustAnchors.parse(root.pem), NOW)).toBeUndefined()
  })
})

test('a certificate that can’t be read is refused when it is used, and not when its chain is learnt', () => {
  const check = new CertificateCheck(root.pem, standingClock(NOW / 1_000))
  expect(() => check.learn(present(unreadable, stranger))).not.toThrow()
  expect(() => check.requireTrusted(present(unreadable, stranger))).toThrow('certificate_malformed')
})

test('once the work is used up, no authority counts as signed by the next', async () => {
  // The forger's authority claims to be of the root. Checking the others of its name leaves no work for that claim.
  const forged = await issueAuthority('CN=Mid', await issueAuthority('CN=Root'))
  const decoys = [
    await issueAuthority('CN=Mid', stranger, { keys: await ecKeys('P-521') }),
    await issueAuthority('CN=Mid', stranger),
  ]
  const leaf = await issue({ issuer: forged })
  expect(checkChain(present(leaf, ...decoys, forged), anchors, NOW)).toMatchObject({ detail: { problem: 'no_path' } })
  // With less work before it, a true claim is found.
  const genuine = await issueAuthority('CN=Mid', root)
  const good = await issue({ issuer: genuine })
  expect(checkChain(present(good, ...decoys, genuine), anchors, NOW)).toMatchObject({ detail: { problem: 'no_path' } })
  expect(checkChain(present(good, ...decoys.slice(1), genuine), anchors, NOW)).toBeUndefined()
})

describe('an authority', () => {
  test('that was sent along is known once it led to an anchor', async () => {
    const own = TrustAnchors.parse(root.pem)
    const between = await issueAuthority('CN=Between', root)
    const { leaf, chain } = present(await issue({ issuer: between }), between)
    const known = () => [leaf, ...chain, ...own.certificates].map((certificate) => own.knows(certificate))
    expect(known()).toEqual([false, false, true])
    expect(checkChain(present(await issue({ issuer: between }), between), own, NOW)).toBeUndefined()
    expect(known()).toEqual([false, true, true])
  })
})
