import { ClientSecretJwt, PrivateKeyJwt } from 'oauth4webapi'
import { describe, expect, test } from 'vitest'
import { checkAssertion } from '../../../src/client-auth/assertions/claims.ts'
import { describeAssertion, parseAssertion } from '../../../src/client-auth/assertions/parse.ts'
import { requireSigner } from '../../../src/client-auth/assertions/signature.ts'
import type { AsymmetricAlgorithm } from '../../../src/crypto/jws/algorithms.ts'
import { parsePublicJwk } from '../../../src/crypto/jws/public-key.ts'
import { verifyHmac } from '../../../src/crypto/jws/verify.ts'
import { makeSigner, signWith, unsigned } from '../../harness/tokens.ts'

const ISSUER = 'https://as.example.com'
const rules = {
  issuer: ISSUER,
  tokenEndpoints: [`${ISSUER}/as/token.oauth2`],
  isCompatible: false,
  audienceForm: 'any',
  maxLifetime: 3600,
  now: Date.now(),
} as const

/** The assertion that oauth4webapi sends. */
async function assertionOf(authenticate: ReturnType<typeof PrivateKeyJwt>): Promise<string> {
  const body = new URLSearchParams()
  await authenticate({ issuer: ISSUER }, { client_id: 'reporter' }, body, new Headers())
  return body.get('client_assertion') ?? ''
}

describe('assertions that oauth4webapi makes', () => {
  test.each<AsymmetricAlgorithm>(['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA', 'Ed25519'])(
    'private_key_jwt: %s',
    async (alg) => {
      const { privateKey, key } = await makeSigner(alg)
      if (!(privateKey instanceof CryptoKey)) throw new Error('no CryptoKey')
      const jws = parseAssertion(await assertionOf(PrivateKeyJwt(privateKey)))
      expect(describeAssertion(jws)).toEqual({ kind: 'own', iss: 'reporter', sub: 'reporter' })
      expect(requireSigner(jws, [key])).toBe(key)
      expect(checkAssertion(jws, rules)).toMatchObject({ jti: expect.any(String) })
    },
  )

  test('client_secret_jwt', async () => {
    const jws = parseAssertion(await assertionOf(ClientSecretJwt('the secret of the client')))
    expect(describeAssertion(jws)).toEqual({ kind: 'symmetric', iss: 'reporter', sub: 'reporter' })
    expect(verifyHmac(jws, Buffer.from('the secret of the client'))).toBe(true)
    expect(checkAssertion(jws, rules)).toMatchObject({ jti: expect.any(String) })
  })
})

test.each([
  ['a MAC, whatever its claims', 'HS512', { iss: 'a', sub: 'b' }, 'symmetric', 'a', 'b'],
  ['of itself', 'RS256', { iss: 'a', sub: 'a' }, 'own', 'a', 'a'],
  ['of another', 'RS256', { iss: 'https://issuer.example', sub: 'a' }, 'foreign', 'https://issuer.example', 'a'],
  ['a SPIFFE JWT-SVID without iss', 'ES256', { sub: 'spiffe://x/y' }, 'foreign', undefined, 'spiffe://x/y'],
  ['neither iss nor sub', 'ES256', {}, 'foreign', undefined, undefined],
  ['iss and sub of the same wrong kind', 'ES256', { iss: 1, sub: 1 }, 'foreign', undefined, undefined],
  ['an unknown algorithm', 'ES256K', { iss: 'a', sub: 'a' }, 'own', 'a', 'a'],
])('the sender that it claims: %s', (_name, alg, claims, kind, iss, sub) => {
  expect(describeAssertion(parseAssertion(unsigned({ alg }, claims)))).toEqual({ kind, iss, sub })
})

test.each([
  ['unsigned-jwt: alg none', { fault: 'algorithm_none', received: 'none' }, unsigned({ alg: 'none' }, {})],
  ['unsigned-jwt: two segments', { fault: 'segments' }, 'a.b'],
  ['critical-header: crit', { fault: 'critical', received: '["x"]' }, unsigned({ alg: 'ES256', crit: ['x'] }, {})],
  ['encrypted-assertion: encrypted', { fault: 'encrypted' }, 'a.b.c.d.e'],
  ['a megabyte', { fault: 'too_long', received: '1048576 characters' }, 'a'.repeat(2 ** 20)],
])('malformed: %s', (_name, detail, token) => {
  expect(() => parseAssertion(token)).toThrow(
    expect.objectContaining({ name: 'Refusal', reason: 'assertion_malformed', status: 401, detail }),
  )
})

describe('the reason to refuse a signature', async () => {
  const [es256, rs256] = await Promise.all([makeSigner('ES256', { kid: 'ec' }), makeSigner('RS256')])
  const token = await signWith(es256, { iss: 'a', sub: 'a' }, { kid: 'ec' })
  const otherEc = parsePublicJwk({ ...(await makeSigner('ES256')).publicJwk, kid: 'ec' })
  test.each([
    ['the algorithm is not the one pinned', 'assertion_algorithm', [es256.key], 'RS256'],
    ['no key for the algorithm', 'assertion_algorithm', [rs256.key], undefined],
    ['no key of that kid', 'assertion_key', [parsePublicJwk({ ...es256.publicJwk, kid: 'other' })], undefined],
    ['a signature of another key than the kid names', 'assertion_signature', [otherEc], undefined],
  ])('%s', (_name, reason, keys, pinned) => {
    expect(() => requireSigner(parseAssertion(token), keys, { pinned })).toThrow(
      expect.objectContaining({
        reason,
        status: 401,
        detail: {
          received: { alg: 'ES256', kid: 'ec' },
          expected: {
            ...(pinned && { alg: pinned }),
            keys: keys.map((key) => expect.objectContaining({ kty: key.crv ?? key.kty })),
          },
        },
      }),
    )
  })

  test('names at most ten keys, each so that an administrator recognises it', async () => {
    const rsa = parsePublicJwk({ ...rs256.publicJwk, alg: 'RS256' })
    const bare = parsePublicJwk({ ...(await makeSigner('ES256')).publicJwk })
    const others = Array.from({ length: 9 }, () => rs256.key)
    const unnamed = await signWith(es256, { iss: 'a', sub: 'a' })
    expect(() => requireSigner(parseAssertion(unnamed), [rsa, bare, ...others])).toThrow(
      expect.objectContaining({
        detail: {
          received: { alg: 'ES256' },
          expected: {
            keys: [
              { kid: `(none; thumbprint ${rsa.thumbprint})`, kty: 'RSA', alg: 'RS256' },
              { kid: `(none; thumbprint ${bare.thumbprint})`, kty: 'P-256' },
              ...others.slice(1).map(() => ({ kid: `(none; thumbprint ${rs256.key.thumbprint})`, kty: 'RSA' })),
            ],
          },
        },
      }),
    )
    const named = parsePublicJwk({ ...rs256.publicJwk, kid: 'mine' })
    expect(() => requireSigner(parseAssertion(token), [named], { pinned: 'ES256' })).toThrow(
      expect.objectContaining({
        detail: {
          received: { alg: 'ES256', kid: 'ec' },
          expected: { alg: 'ES256', keys: [{ kid: 'mine', kty: 'RSA' }] },
        },
      }),
    )
  })
})
