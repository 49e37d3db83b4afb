import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  claimsOf,
  eventOf,
  expectInvalid,
  expectToken,
  expectUnauthenticated,
  formOf,
  post,
} from '../harness/assertions.ts'
import { standingClock } from '../harness/clock.ts'
import { newSecret, oneApi } from '../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { makeCertificate, type Source, sendJson, startSource } from '../harness/source.ts'
import { encode, makeSigner, publicHalf, type Signer, signWith, unsigned } from '../harness/tokens.ts'

const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA'] as const
const SECRET = newSecret()

const clock = standingClock()
const own = await makeSigner('ES256')
const stranger = await makeSigner('ES256', { kid: 'stranger' })
const rsa = await makeSigner('RS256')
const rsaForPss: Signer = { ...rsa, alg: 'PS256', privateKey: await importJWK(rsa.privateJwk, 'PS256') }
const byAlgorithm = new Map(
  await Promise.all(ALGORITHMS.map(async (alg) => [alg, alg === 'RS256' ? rsa : await makeSigner(alg)] as const)),
)
const [first, second, third] = [
  await makeSigner('ES256', { kid: 'first' }),
  await makeSigner('ES256', { kid: 'twice' }),
  await makeSigner('ES256', { kid: 'twice' }),
]
const old = await makeSigner('ES256')

const jwks = (...keys: readonly Signer[]) => `jwks: ${JSON.stringify({ keys: keys.map((key) => key.publicJwk) })}`
const MANIFEST = `
${oneApi('read')}
clients:
  - { client_id: own, scopes: [read], introspects: all, credentials: [{ ${jwks(own)} }] }
  - { client_id: other, scopes: [read], credentials: [{ ${jwks(stranger)} }] }
  - { client_id: compatible, scopes: [read], assertion_audience: compatible, credentials: [{ ${jwks(own)} }] }
  - { client_id: strict, scopes: [read], assertion_audience: issuer, credentials: [{ ${jwks(own)} }] }
  - { client_id: several, scopes: [read], credentials: [{ ${jwks(first, second, third)} }] }
  - { client_id: rsa, scopes: [read], credentials: [{ ${jwks(rsa)} }] }
  - { client_id: pinned, scopes: [read], credentials: [{ algorithm: PS256, ${jwks(rsa)} }] }
  - { client_id: disabled, enabled: false, scopes: [read], credentials: [{ ${jwks(own)} }] }
  - { client_id: secretive, scopes: [read], credentials: [{ secret: ${SECRET} }] }
  - client_id: basic-only
    scopes: [read]
    auth_methods: [client_secret_basic]
    credentials: [{ label: secret, secret: ${SECRET} }, { label: keys, ${jwks(own)} }]
  - client_id: rolling
    scopes: [read]
    credentials:
      - { label: last year, ${jwks(old)}, expires: 2020-01-01T00:00:00Z }
      - { label: same key, ${jwks(own)}, expires: 2020-01-01T00:00:00Z }
      - { label: this year, ${jwks(own)} }
${ALGORITHMS.map((alg) => `  - { client_id: ${alg}, scopes: [read], credentials: [{ ${jwks(byAlgorithm.get(alg) ?? own)} }] }`).join('\n')}
`

let server: TestServer
let elsewhere: Source
let folder: string
beforeAll(async () => {
  const certificate = await makeCertificate()
  elsewhere = await startSource(certificate, (_request, response) =>
    sendJson(response, { keys: [stranger.publicJwk], issuer: 'https://other.example.com' }),
  )
  folder = mkdtempSync(join(tmpdir(), 'tessera-private-key-jwt-'))
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, certificate.cert)
  server = await startTestServer({
    manifest: MANIFEST,
    clock,
    options: { 'outbound.allow': '127.0.0.1', 'outbound.ca': ca },
  })
})
afterAll(async () => {
  await server.stop()
  await elsewhere.stop()
  rmSync(folder, { recursive: true })
})

const tokenEndpoint = () => `${server.issuer}/as/token.oauth2`
const introspection = () => `${server.issuer}/as/introspect.oauth2`
const revocation = () => `${server.issuer}/as/revoke_token.oauth2`

/** A good assertion of a client, with `changes` applied. */
const assertionOf = (clientId: string, claims: object = {}, header: object = {}, by: Signer = own): Promise<string> =>
  signWith(by, claimsOf(server.issuer, clientId, clock.seconds(), claims), header)

describe('accepted assertions', () => {
  const keyOf = (alg: (typeof ALGORITHMS)[number]) => byAlgorithm.get(alg) ?? own
  const cases: [string, string, () => Promise<string>][] = [
    ...ALGORITHMS.map((alg): [string, string, () => Promise<string>] => [
      `${alg}`,
      alg,
      () => assertionOf(alg, {}, {}, keyOf(alg)),
    ]),
    ['the registered algorithm', 'pinned', () => assertionOf('pinned', {}, {}, rsaForPss)],
    ['no kid, several keys', 'several', () => assertionOf('several', {}, {}, third)],
    ['a kid, several keys', 'several', () => assertionOf('several', {}, { kid: 'first' }, first)],
    [
      'hostile-kid: a kid of two keys, signed by the first',
      'several',
      () => assertionOf('several', {}, { kid: 'twice' }, second),
    ],
    [
      'hostile-kid: a kid of two keys, signed by the second',
      'several',
      () => assertionOf('several', {}, { kid: 'twice' }, third),
    ],
    ['a kid for a key registered without one', 'own', () => assertionOf('own', {}, { kid: 'mine' })],
    ['typ JWT', 'own', () => assertionOf('own', {}, { typ: 'JWT' })],
    ['typ of rfc7523bis', 'own', () => assertionOf('own', {}, { typ: 'client-authentication+jwt' })],
    ['assertion-audience: aud an array of the issuer alone', 'own', () => assertionOf('own', { aud: [server.issuer] })],
    [
      'assertion-audience: aud the token endpoint, allowed',
      'compatible',
      () => assertionOf('compatible', { aud: tokenEndpoint() }),
    ],
    ['assertion-audience: aud the issuer, if the endpoint is allowed', 'compatible', () => assertionOf('compatible')],
    [
      'assertion-audience: aud both',
      'compatible',
      () => assertionOf('compatible', { aud: [server.issuer, tokenEndpoint()] }),
    ],
    [
      'assertion-audience: aud both, in the other order',
      'compatible',
      () => assertionOf('compatible', { aud: [tokenEndpoint(), server.issuer] }),
    ],
    [
      'assertion-audience: aud the issuer with a slash',
      'compatible',
      () => assertionOf('compatible', { aud: `${server.issuer}/` }),
    ],
    ['clock-skew: iat 8 s ahead', 'own', () => assertionOf('own', { iat: clock.seconds() + 8 })],
    ['clock-skew: nbf 60 s ahead', 'own', () => assertionOf('own', { nbf: clock.seconds() + 60 })],
    ['clock-skew: exp 60 s ago', 'own', () => assertionOf('own', { exp: clock.seconds() - 60 })],
    ['exp an hour ahead', 'own', () => assertionOf('own', { exp: clock.seconds() + 3_600 })],
    ['no iat', 'own', () => assertionOf('own', { iat: undefined })],
    ['hostile-jti: a jti of 10 kB', 'own', () => assertionOf('own', { jti: 'j'.repeat(10_000) })],
    ['a valid credential beside expired ones', 'rolling', () => assertionOf('rolling')],
  ]
  test.concurrent.each(cases)('%s', async (_name, clientId, make) => {
    await expectToken(server, await server.token(formOf(await make())), clientId, 'private_key_jwt')
  })

  test('with the client_id in the form', async () => {
    const response = await server.token(formOf(await assertionOf('own'), { client_id: 'own' }))
    await expectToken(server, response, 'own', 'private_key_jwt')
  })

  test('at introspection and revocation, once each', async () => {
    const token = await expectToken(
      server,
      await server.token(formOf(await assertionOf('own'))),
      'own',
      'private_key_jwt',
    )
    const active = async () => {
      const response = await post(introspection(), formOf(await assertionOf('own'), { token }))
      return ((await response.json()) as { active: boolean }).active
    }
    expect(await active()).toBe(true)
    const assertion = await assertionOf('own')
    const revoked = await post(revocation(), formOf(assertion, { token }))
    expect({ status: revoked.status, event: await eventOf(server, revoked) }).toMatchObject({
      status: 200,
      event: { result: 'success', clientId: 'own', detail: { method: 'private_key_jwt' } },
    })
    expect(await active()).toBe(false)
    const again = await post(introspection(), formOf(assertion, { token }))
    await expectUnauthenticated(server, again, { reason: 'assertion_replayed', clientId: 'own' })
  })
})

/** A MAC with a public key as its secret (CVE-2015-9235). */
function macWith(secret: string | Buffer, clientId: string): string {
  const token = unsigned({ alg: 'HS256' }, claimsOf(server.issuer, clientId, clock.seconds()), '')
  const input = token.slice(0, token.lastIndexOf('.'))
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

const pemOf = ({ publicJwk }: Signer) =>
  createPublicKey({ key: { ...publicJwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' })

/** Signs text unchanged. */
function signText(header: string, claims: string): string {
  const input = `${encode(header)}.${encode(claims)}`
  const key = createPrivateKey({ key: { ...own.privateJwk }, format: 'jwk' })
  return `${input}.${encode(sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }))}`
}

/** An assertion with one of its segments changed. */
async function changed(segment: 0 | 1 | 2, change: (text: string) => string): Promise<string> {
  const segments = (await assertionOf('own')).split('.')
  return segments.with(segment, change(segments[segment] ?? '')).join('.')
}

/** A signature of 64 bytes leaves four unused bits in its last base64url character. This sets one. */
const nonCanonical = (signature: string): string => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return signature.slice(0, -1) + alphabet.charAt(alphabet.indexOf(signature.slice(-1)) + 1)
}

const withKey = (header: object) => assertionOf('own', {}, header, stranger)

describe('refused assertions: the same 401 as for a wrong secret', () => {
  const malformed = (fault: string, received?: string) => ({ fault, ...(received !== undefined && { received }) })
  const wrong = (claim: string, received: string) => ({ claim, received, expected: expect.any(String) })
  const audiences = (received: () => string) => () => ({ expected: [server.issuer], received: received() })
  const now = () => clock.seconds()

  const cases: [string, string, object | (() => object), () => string | Promise<string>][] = [
    // An unsigned JWT has no claims that could be recorded.
    [
      'unsigned-jwt: alg none',
      'assertion_malformed',
      malformed('algorithm_none', 'none'),
      () => unsigned({ alg: 'none' }, claimsOf(server.issuer, 'own', now()), ''),
    ],
    [
      'unsigned-jwt: alg nOnE',
      'assertion_malformed',
      malformed('algorithm_none', 'nOnE'),
      () => unsigned({ alg: 'nOnE' }, claimsOf(server.issuer, 'own', now()), ''),
    ],
    [
      'unsigned-jwt: two segments',
      'assertion_malformed',
      malformed('segments'),
      async () => (await assertionOf('own')).split('.').slice(0, 2).join('.'),
    ],
    [
      'unsigned-jwt: four segments',
      'assertion_malformed',
      malformed('segments'),
      async () => `${await assertionOf('own')}.AAAA`,
    ],
    [
      'unsigned-jwt: padded base64url',
      'assertion_malformed',
      malformed('base64url', 'signature'),
      () => changed(2, (text) => `${text}==`),
    ],
    [
      'unsigned-jwt: non-canonical base64url',
      'assertion_malformed',
      malformed('base64url', 'signature'),
      () => changed(2, nonCanonical),
    ],
    [
      'encrypted-assertion: PBES2 and compression',
      'assertion_malformed',
      malformed('encrypted'),
      () =>
        `${encode(JSON.stringify({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', zip: 'DEF', p2c: 2 ** 31, p2s: 'AAAA' }))}.AAAA.AAAA.AAAA.AAAA`,
    ],
    [
      'critical-header: crit',
      'assertion_malformed',
      malformed('critical', '["exp"]'),
      () => critical({ crit: ['exp'] }),
    ],
    ['critical-header: b64 false', 'assertion_malformed', malformed('b64', 'false'), () => critical({ b64: false })],
    [
      'hostile-kid: a kid of 10 kB',
      'assertion_malformed',
      malformed('kid', '10000 characters'),
      () => assertionOf('several', {}, { kid: 'k'.repeat(10_000) }, first),
    ],
    ['text', 'assertion_malformed', malformed('segments'), () => 'assertion'],
    ['17 kB', 'assertion_malformed', { fault: 'too_long' }, () => assertionOf('own', { jti: 'j'.repeat(13_000) })],
    [
      'hostile-kid: a kid that is a path',
      'assertion_key',
      { received: { kid: '../../../etc/passwd' } },
      () => assertionOf('several', {}, { kid: '../../../etc/passwd' }, first),
    ],
    [
      'hostile-kid: a kid that is SQL',
      'assertion_key',
      { received: { kid: "' OR 1=1; --" } },
      () => assertionOf('several', {}, { kid: "' OR 1=1; --" }, first),
    ],
    [
      'hostile-kid: the kid of another key',
      'assertion_signature',
      { received: { kid: 'first' } },
      () => assertionOf('several', {}, { kid: 'first' }, second),
    ],
    [
      'algorithm-confusion: the public key as a secret, in PEM',
      'no_such_credential',
      { method: 'client_secret_jwt' },
      () => macWith(pemOf(rsa).toString(), 'rsa'),
    ],
    [
      'algorithm-confusion: the public key as a secret, its modulus',
      'no_such_credential',
      { method: 'client_secret_jwt' },
      () => macWith(Buffer.from(rsa.publicJwk.n ?? '', 'base64url'), 'rsa'),
    ],
    [
      'algorithm-confusion: another algorithm than the registered one',
      'assertion_algorithm',
      { received: { alg: 'RS256' }, expected: { alg: 'PS256', keys: [{ kty: 'RSA' }] } },
      () => assertionOf('pinned', {}, {}, rsa),
    ],
    [
      'an algorithm that the key is not for',
      'assertion_algorithm',
      { received: { alg: 'ES384' }, expected: { keys: [{ kty: 'P-256' }] } },
      () => assertionOf('own', {}, {}, byAlgorithm.get('ES384')),
    ],
    [
      'an unknown algorithm',
      'assertion_algorithm',
      { received: { alg: 'ES256K' } },
      () => unsigned({ alg: 'ES256K' }, claimsOf(server.issuer, 'own', now())),
    ],
    [
      'key-in-header: the key in the header, as jwk',
      'assertion_signature',
      { received: { alg: 'ES256' } },
      () => withKey({ jwk: stranger.publicJwk }),
    ],
    [
      'key-in-header: jku',
      'assertion_signature',
      {},
      () => withKey({ jku: elsewhere.url('/jwks.json'), kid: 'stranger' }),
    ],
    ['key-in-header: x5u', 'assertion_signature', {}, () => withKey({ x5u: elsewhere.url('/chain.pem') })],
    ['key-in-header: x5c', 'assertion_signature', {}, () => withKey({ x5c: ['MIIB'] })],
    ["another client's key", 'assertion_signature', {}, () => withKey({})],
    [
      'claims changed after signing',
      'assertion_signature',
      {},
      () => changed(1, () => encode(JSON.stringify(claimsOf(server.issuer, 'own', now())))),
    ],
    [
      'assertion-audience: aud the token endpoint',
      'assertion_audience',
      audiences(tokenEndpoint),
      () => assertionOf('own', { aud: tokenEndpoint() }),
    ],
    [
      'assertion-audience: aud the token endpoint, assertion_audience issuer',
      'assertion_audience',
      audiences(tokenEndpoint),
      () => assertionOf('strict', { aud: tokenEndpoint() }),
    ],
    [
      'assertion-audience: aud another endpoint, though compatible',
      'assertion_audience',
      () => ({ expected: [server.issuer, tokenEndpoint()], received: introspection() }),
      () => assertionOf('compatible', { aud: introspection() }),
    ],
    [
      'assertion-audience: aud an array of several',
      'assertion_audience',
      () => ({ received: JSON.stringify([server.issuer, 'https://other.example.com']) }),
      () => assertionOf('own', { aud: [server.issuer, 'https://other.example.com'] }),
    ],
    [
      'assertion-audience: aud the issuer of another server',
      'assertion_audience',
      { received: 'https://other.example.com' },
      () => assertionOf('own', { aud: 'https://other.example.com' }),
    ],
    [
      'assertion-audience: aud the issuer with a slash',
      'assertion_audience',
      {},
      () => assertionOf('own', { aud: `${server.issuer}/` }),
    ],
    ['assertion-audience: aud a number', 'assertion_audience', { received: '1' }, () => assertionOf('own', { aud: 1 })],
    [
      'assertion-audience: no aud',
      'assertion_audience',
      { received: '(none)' },
      () => assertionOf('own', { aud: undefined }),
    ],
    [
      'assertion-claims: no exp',
      'assertion_claims',
      wrong('exp', '(none)'),
      () => assertionOf('own', { exp: undefined }),
    ],
    [
      'assertion-claims: no jti',
      'assertion_claims',
      wrong('jti', '(none)'),
      () => assertionOf('own', { jti: undefined }),
    ],
    ['assertion-claims: an empty jti', 'assertion_claims', wrong('jti', ''), () => assertionOf('own', { jti: '' })],
    [
      'assertion-claims: exp a string',
      'assertion_claims',
      wrong('exp', '1e10'),
      () => assertionOf('own', { exp: '1e10' }),
    ],
    ['assertion-claims: exp negative', 'assertion_claims', wrong('exp', '-1'), () => assertionOf('own', { exp: -1 })],
    ['assertion-claims: exp 1e400', 'assertion_claims', { claim: 'exp' }, () => endless()],
    [
      'assertion-claims: exp years away',
      'assertion_too_long_lived',
      () => ({ exp: now() + 31_536_000, seconds_ahead: 31_536_000, allowed: 3_660 }),
      () => assertionOf('own', { exp: now() + 31_536_000 }),
    ],
    [
      'exp 61 s ago',
      'assertion_expired',
      () => ({ exp: now() - 61, seconds_late: 61, allowed: 60 }),
      () => assertionOf('own', { exp: now() - 61 }),
    ],
    [
      'clock-skew: iat 61 s ahead',
      'assertion_not_yet_valid',
      () => ({ claim: 'iat', seconds_ahead: 61, allowed: 60 }),
      () => assertionOf('own', { iat: now() + 61 }),
    ],
    [
      'clock-skew: nbf 61 s ahead',
      'assertion_not_yet_valid',
      () => ({ claim: 'nbf', seconds_ahead: 61, allowed: 60 }),
      () => assertionOf('own', { nbf: now() + 61 }),
    ],
    [
      'confused-token-type: typ at+jwt',
      'assertion_typ',
      { received: 'at+jwt' },
      () => assertionOf('own', {}, { typ: 'at+jwt' }),
    ],
    [
      'confused-token-type: typ dpop+jwt',
      'assertion_typ',
      { received: 'dpop+jwt' },
      () => assertionOf('own', {}, { typ: 'dpop+jwt' }),
    ],
  ]
  test.concurrent.each(cases)('%s', async (_name, reason, detail, make) => {
    const response = await server.token(formOf(await make()))
    const expected = typeof detail === 'function' ? detail() : detail
    await expectUnauthenticated(server, response, { reason, detail: expected })
  })

  const claimsText = () => JSON.stringify(claimsOf(server.issuer, 'own', clock.seconds()))

  /** A good assertion, except for a header that no library would sign. */
  const critical = (header: object) => signText(JSON.stringify({ alg: 'ES256', ...header }), claimsText())

  /** A good assertion, except for a number that JavaScript can't express. */
  const endless = () => signText('{"alg":"ES256"}', claimsText().replace(/"exp":\d+/, '"exp":1e400'))

  test('key-in-header: nothing was fetched from a header’s URL', () => {
    expect(elsewhere.connections()).toBe(0)
  })

  test.each([
    ['an unknown client', 'unknown_client', 'nobody', own],
    ['a disabled client', 'client_disabled', 'disabled', own],
    ['a client without keys', 'no_such_credential', 'secretive', own],
    ['a credential that has expired', 'expired_credential', 'rolling', old],
    ['a client that must use a secret', 'method_not_allowed_here', 'basic-only', own],
  ])('%s', async (_name, reason, clientId, signer) => {
    const response = await server.token(formOf(await assertionOf(clientId, {}, {}, signer)))
    await expectUnauthenticated(server, response, { reason, clientId, detail: { method: 'private_key_jwt' } })
  })

  // If iss and sub differ, the token could be an outside issuer's. `client_id` decides.
  const ambiguous: [string, string, object, Record<string, string>, () => Promise<string>][] = [
    [
      'assertion-claims: iss is not sub',
      'assertion_subject',
      { iss: 'own', sub: 'other' },
      {},
      () => assertionOf('own', { sub: 'other' }),
    ],
    [
      'assertion-claims: iss is not sub, client_id given',
      'assertion_subject',
      { iss: 'elsewhere', sub: 'own' },
      { client_id: 'own' },
      () => assertionOf('own', { iss: 'elsewhere' }),
    ],
    [
      'assertion-claims: no sub',
      'assertion_claims',
      { claim: 'sub', received: '(none)' },
      {},
      () => assertionOf('own', { sub: undefined }),
    ],
    [
      'assertion-claims: no iss',
      'assertion_claims',
      { claim: 'iss', received: '(none)' },
      {},
      () => assertionOf('own', { iss: undefined }),
    ],
    [
      'assertion-claims: sub a number',
      'assertion_claims',
      { claim: 'sub', received: '1' },
      { client_id: 'own' },
      () => assertionOf('own', { sub: 1 }),
    ],
    [
      'confused-token-type: a DPoP proof',
      'assertion_typ',
      { received: 'dpop+jwt' },
      { client_id: 'own' },
      () =>
        signWith(
          own,
          { jti: 'p', htm: 'POST', htu: tokenEndpoint(), iat: clock.seconds() },
          { typ: 'dpop+jwt', jwk: own.publicJwk },
        ),
    ],
    [
      'confused-token-type: an access token',
      'assertion_typ',
      { received: 'at+jwt' },
      {},
      async () => expectToken(server, await server.token(formOf(await assertionOf('own'))), 'own', 'private_key_jwt'),
    ],
    [
      'confused-token-type: an ID token',
      'federated_issuer_unknown',
      { issuers: ['https://id.example.com'] },
      {},
      () => assertionOf('own', { iss: 'https://id.example.com', sub: 'a-person', nonce: 'n' }, { typ: 'JWT' }),
    ],
  ]
  test.concurrent.each(ambiguous)('%s', async (_name, reason, detail, form, make) => {
    const response = await server.token(formOf(await make(), form))
    await expectUnauthenticated(server, response, { reason, detail })
  })

  test('client-id-mismatch: another client_id in the form', async () => {
    const response = await server.token(formOf(await assertionOf('own'), { client_id: 'other' }))
    await expectUnauthenticated(server, response, {
      reason: 'client_id_mismatch',
      clientId: 'own',
      detail: { in_body: 'other', method: 'private_key_jwt' },
    })
  })

  test.each([
    ['introspection', introspection],
    ['revocation', revocation],
  ])('at %s', async (_name, endpoint) => {
    const form = formOf(await assertionOf('own', {}, {}, stranger), { token: 'x' })
    const response = await post(endpoint(), form)
    await expectUnauthenticated(server, response, { reason: 'assertion_signature', clientId: 'own' })
  })
})

describe('malformed requests: 400 invalid_request', () => {
  const cases: [string, string, (assertion: string) => Record<string, string>, Record<string, string>][] = [
    [
      'two-authentications: a secret in the form',
      'several_methods',
      (a) => formOf(a, { client_secret: SECRET, client_id: 'own' }),
      {},
    ],
    ['two-authentications: Basic as well', 'several_methods', formOf, basic('own', SECRET)],
    [
      'two-authentications: a secret in the form, without client_id',
      'several_methods',
      (a) => formOf(a, { client_secret: SECRET }),
      {},
    ],
    [
      'two-authentications: Basic with a malformed assertion',
      'several_methods',
      () => formOf('x'),
      basic('own', SECRET),
    ],
    ['no type', 'assertion_type', (a) => ({ grant_type: 'client_credentials', client_assertion: a }), {}],
    ['a client_assertion_type alone', 'assertion_type', () => formOf(''), {}],
    ['another type', 'assertion_type', (a) => formOf(a, { client_assertion_type: 'saml2-bearer' }), {}],
  ]
  test.concurrent.each(cases)('%s', async (_name, reason, form, headers) => {
    const response = await server.token(form(await assertionOf('own')), headers)
    await expectInvalid(server, response, { reason })
  })
})

describe('weak-key: registration refuses weak keys, with file, line and field', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const cases: [string, object, RegExp][] = [
    ['a private key', ec.privateKey.export({ format: 'jwk' }), /this is a private key \(it has the member d\)/],
    ['RSA of 1024 bits', small, /2048/],
    ['RSA with the exponent 1', { ...publicHalf(rsa.publicJwk), e: 'AQ' }, /\be\b/],
    ['a symmetric key', { kty: 'oct', k: encode(Buffer.alloc(32, 7)) }, /symmetric/],
    ['a key for encryption', { ...own.publicJwk, use: 'enc' }, /use is enc/],
    ['a JSON object that isn’t a key', {}, /kty/],
  ]
  test.concurrent.each(cases)('%s', async (_name, jwk, message) => {
    const manifest = `clients:
  - client_id: registering
    credentials:
      - label: keys
        jwks: ${JSON.stringify({ keys: [own.publicJwk, jwk] })}
`
    const refused = await server.apply(manifest).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Error)
    const text = String((refused as Error).message)
    expect(text).toMatch(/^test\.yaml:5:\d+: clients\[0\]\.credentials\[0\]\.jwks: keys\[1\]: /)
    expect(text).toMatch(message)
    for (const [name, value] of Object.entries(jwk)) if (name === 'd' || name === 'k') expect(text).not.toContain(value)
    const response = await server.token(formOf(await assertionOf('registering')))
    await expectUnauthenticated(server, response, { reason: 'unknown_client' })
  })
})
