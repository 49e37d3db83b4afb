import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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
import { newSecret, oneApi, SECRET } from '../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { makeSigner, signWith, unsigned } from '../harness/tokens.ts'

const METHOD = 'client_secret_jwt'
const clock = standingClock()
const key = await makeSigner('ES256')
const CHOSEN = 'a sentence that somebody chose, of more than 32 bytes'

const MODEL = `
${oneApi('read')}
clients:
  - { client_id: signer, scopes: [read], introspects: all, credentials: [{ retrievable: true }] }
  - { client_id: chosen, scopes: [read], credentials: [{ retrievable: true, secret: "${CHOSEN}" }] }
  - { client_id: compatible, scopes: [read], assertion_audience: compatible, credentials: [{ retrievable: true }] }
  - { client_id: hashed, scopes: [read], credentials: [{ secret: ${SECRET} }] }
  - { client_id: disabled, enabled: false, scopes: [read], credentials: [{ retrievable: true }] }
  - { client_id: posts-only, scopes: [read], auth_methods: [client_secret_post], credentials: [{ retrievable: true }] }
  - { client_id: keyed, scopes: [read], credentials: [{ jwks: ${JSON.stringify({ keys: [key.publicJwk] })} }] }
  - client_id: rolling
    scopes: [read]
    credentials:
      - { label: old, retrievable: true, expires: 2020-01-01T00:00:00Z }
      - { label: new, retrievable: true }
      - { label: hashed, secret: ${SECRET} }
`

let server: TestServer
const secrets = new Map<string, string>()
beforeAll(async () => {
  server = await startTestServer({ clock, manifest: MODEL.slice(0, MODEL.indexOf('clients:')) })
  const { generated } = await server.apply(MODEL)
  for (const { clientId, label, secret } of generated) secrets.set(label === '' ? clientId : label, secret)
})
afterAll(() => server.stop())

/** The secret that the plan printed for a client or a label. */
const secretOf = (name: string): string => secrets.get(name) ?? ''

const assertionOf = (clientId: string, secret: string, claims: object = {}, alg = 'HS256'): Promise<string> =>
  signWith({ alg, privateKey: Buffer.from(secret) }, claimsOf(server.issuer, clientId, clock.seconds(), claims))

describe('accepted assertions', () => {
  const cases: [string, string, () => Promise<string>][] = [
    ['HS256', 'signer', () => assertionOf('signer', secretOf('signer'))],
    // Libraries want keys at least as long as the digest. Generated secrets are shorter for these algorithms.
    ['HS384', 'signer', async () => mac('HS384', 'sha384', 'signer', secretOf('signer'))],
    ['HS512', 'signer', async () => mac('HS512', 'sha512', 'signer', secretOf('signer'))],
    ['a chosen secret', 'chosen', () => assertionOf('chosen', CHOSEN)],
    ['one secret of several', 'rolling', () => assertionOf('rolling', secretOf('new'))],
    [
      'assertion-audience: aud the token endpoint, allowed',
      'compatible',
      () => assertionOf('compatible', secretOf('compatible'), { aud: `${server.issuer}/as/token.oauth2` }),
    ],
  ]
  test.concurrent.each(cases)('%s', async (_name, clientId, make) => {
    await expectToken(server, await server.token(formOf(await make())), clientId, METHOD)
  })

  test('the same secret, sent directly', async () => {
    const response = await server.token({ grant_type: 'client_credentials' }, basic('signer', secretOf('signer')))
    await expectToken(server, response, 'signer', 'client_secret_basic')
  })

  test('at introspection and revocation', async () => {
    const sign = () => assertionOf('signer', secretOf('signer'))
    const token = await expectToken(server, await server.token(formOf(await sign())), 'signer', METHOD)
    const introspected = await post(`${server.issuer}/as/introspect.oauth2`, formOf(await sign(), { token }))
    expect(await introspected.json()).toMatchObject({ active: true, client_id: 'signer' })
    const revoked = await post(`${server.issuer}/as/revoke_token.oauth2`, formOf(await sign(), { token }))
    expect(await eventOf(server, revoked)).toMatchObject({
      type: 'token.revoke',
      result: 'success',
      clientId: 'signer',
    })
  })
})

function mac(alg: string, digest: string, clientId: string, secret: string): string {
  const input = unsigned({ alg }, claimsOf(server.issuer, clientId, clock.seconds()), '').slice(0, -1)
  return `${input}.${createHmac(digest, secret).update(input).digest('base64url')}`
}

describe('refused assertions: the same 401 as for a wrong secret', () => {
  const tokenEndpoint = () => `${server.issuer}/as/token.oauth2`
  const cases: [string, string, string, object | (() => object), () => Promise<string>][] = [
    ['a wrong secret', 'signer', 'assertion_signature', { alg: 'HS256' }, () => assertionOf('signer', newSecret())],
    ['no secret', 'signer', 'assertion_signature', {}, async () => mac('HS256', 'sha256', 'signer', '')],
    [
      'the secret of another client',
      'signer',
      'assertion_signature',
      {},
      () => assertionOf('signer', secretOf('compatible')),
    ],
    [
      'a secret that is kept only as a hash',
      'hashed',
      'no_such_credential',
      { expected: 'a secret with retrievable: true', secrets: 1 },
      () => assertionOf('hashed', SECRET),
    ],
    [
      'a secret that is kept only as a hash, beside others',
      'rolling',
      'assertion_signature',
      {},
      () => assertionOf('rolling', SECRET),
    ],
    ['a client with keys', 'keyed', 'no_such_credential', { secrets: 0 }, () => assertionOf('keyed', newSecret())],
    ['an unknown client', 'nobody', 'unknown_client', {}, () => assertionOf('nobody', newSecret())],
    ['a disabled client', 'disabled', 'client_disabled', {}, () => assertionOf('disabled', secretOf('disabled'))],
    [
      'a client that must send its secret',
      'posts-only',
      'method_not_allowed_here',
      { allowed: ['client_secret_post'] },
      () => assertionOf('posts-only', secretOf('posts-only')),
    ],
    [
      'a secret that has expired',
      'rolling',
      'expired_credential',
      { label: 'old', expired: '2020-01-01T00:00:00.000Z' },
      () => assertionOf('rolling', secretOf('old')),
    ],
    [
      'assertion-audience: aud the token endpoint',
      'signer',
      'assertion_audience',
      () => ({ expected: [server.issuer], received: tokenEndpoint() }),
      () => assertionOf('signer', secretOf('signer'), { aud: tokenEndpoint() }),
    ],
    [
      'assertion-claims: iss is not sub',
      'signer',
      'assertion_subject',
      { iss: 'other', sub: 'signer' },
      () => assertionOf('signer', secretOf('signer'), { iss: 'other' }),
    ],
    [
      'exp 61 s ago',
      'signer',
      'assertion_expired',
      { seconds_late: 61 },
      () => assertionOf('signer', secretOf('signer'), { exp: clock.seconds() - 61 }),
    ],
  ]
  test.concurrent.each(cases)('%s', async (_name, clientId, reason, detail, make) => {
    const response = await server.token(formOf(await make()))
    const expected = typeof detail === 'function' ? detail() : detail
    await expectUnauthenticated(server, response, { reason, clientId, detail: { method: METHOD, ...expected } })
  })

  test('a used assertion', async () => {
    const form = formOf(await assertionOf('signer', secretOf('signer'), { jti: 'once' }))
    await expectToken(server, await server.token(form), 'signer', METHOD)
    await expectUnauthenticated(server, await server.token(form), {
      reason: 'assertion_replayed',
      clientId: 'signer',
      detail: { jti: 'once', method: METHOD },
    })
  })

  test('another client_id in the form', async () => {
    const form = formOf(await assertionOf('signer', secretOf('signer')), { client_id: 'chosen' })
    await expectUnauthenticated(server, await server.token(form), {
      reason: 'client_id_mismatch',
      clientId: 'signer',
      detail: { in_body: 'chosen' },
    })
  })

  test.each(['introspect', 'revoke_token'])('at %s', async (name) => {
    const form = formOf(await assertionOf('signer', newSecret()), { token: 'x' })
    const response = await post(`${server.issuer}/as/${name}.oauth2`, form)
    await expectUnauthenticated(server, response, { reason: 'assertion_signature', clientId: 'signer' })
  })

  test('two-authentications: the secret in the form: 400', async () => {
    const form = formOf(await assertionOf('signer', secretOf('signer')), { client_secret: secretOf('signer') })
    await expectInvalid(server, await server.token(form), { reason: 'several_methods' })
  })
})

test('registration refuses a secret that is too short to sign with', async () => {
  const manifest = `clients:
  - client_id: short
    credentials:
      - retrievable: true
        secret: only this long
`
  await expect(server.apply(manifest)).rejects.toThrow(
    /^test\.yaml:5:\d+: clients\[0\]\.credentials\[0\]\.secret: .* at least 32 bytes/,
  )
})

test('the files of the database hold no secret in clear', () => {
  const content = readdirSync(server.folder).map((file) => readFileSync(join(server.folder, file), 'latin1'))
  expect(content.join('')).toContain('signer')
  for (const secret of [...secrets.values(), CHOSEN]) expect(content.some((text) => text.includes(secret))).toBe(false)
})
