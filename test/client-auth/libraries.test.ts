import { createHmac, randomUUID } from 'node:crypto'
import { auth } from '@modelcontextprotocol/sdk/client/auth.js'
import { PrivateKeyJwtProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventOf, expectUnauthenticated, formOf } from '../harness/assertions.ts'
import { AUDIENCE, verifiedClaims } from '../harness/library-setting.ts'
import { newSecret } from '../harness/model.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { encode, makeSigner, signWith } from '../harness/tokens.ts'

const KEYED = 'keyed'
const SHARING = 'sharing'
const COMPATIBLE = 'compatible'

const own = await makeSigner('ES256', { kid: 'own' })
const stranger = await makeSigner('ES256', { kid: 'own' })
const SECRET = newSecret()
const jwks = `jwks: ${JSON.stringify({ keys: [own.publicJwk] })}`

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis: [{ audience: ${AUDIENCE}, scopes: [{ name: edit }, { name: read }] }]
clients:
  - { client_id: ${KEYED}, scopes: [edit], credentials: [{ ${jwks} }] }
  - { client_id: ${SHARING}, scopes: [edit], credentials: [{ secret: ${SECRET}, retrievable: true }] }
  - client_id: ${COMPATIBLE}
    scopes: [edit]
    assertion_audience: compatible
    credentials: [{ label: keys, ${jwks} }, { label: secret, secret: ${SECRET}, retrievable: true }]
`,
  })
})
afterAll(() => server.stop())

type Proof = { readonly key: typeof own.privateKey; readonly jwk: typeof own.privateJwk; readonly secret: string }
const GOOD: Proof = { key: own.privateKey, jwk: own.privateJwk, secret: SECRET }
const WRONG: Proof = { key: stranger.privateKey, jwk: stranger.privateJwk, secret: newSecret() }

/** @returns the access token */
type Ask = (clientId: string, proof: Proof) => Promise<string>

const asCryptoKey = (key: Proof['key']): CryptoKey => {
  if (key instanceof CryptoKey) return key
  throw new Error('the key is of another kind')
}

const byOpenidClient =
  (algorithm: 'oauth2' | 'oidc', authentication: (proof: Proof) => openid.ClientAuth): Ask =>
  async (clientId, proof) => {
    const as = new URL(server.issuer)
    const config = await openid.discovery(as, clientId, undefined, authentication(proof), { algorithm })
    return (await openid.clientCredentialsGrant(config, { scope: 'edit' })).access_token
  }

const byOauth4webapi =
  (authentication: (proof: Proof) => oauth.ClientAuth): Ask =>
  async (clientId, proof) => {
    const url = new URL(server.issuer)
    const discovered = await oauth.discoveryRequest(url, { algorithm: 'oauth2' })
    const as = await oauth.processDiscoveryResponse(url, discovered)
    const client = { client_id: clientId }
    const parameters = { scope: 'edit' }
    const response = await oauth.clientCredentialsGrantRequest(as, client, authentication(proof), parameters)
    return (await oauth.processClientCredentialsResponse(as, client, response)).access_token
  }

/** The server's own address stands in for a resource without metadata. The SDK finds the issuer all the same. */
const byMcp: Ask = async (clientId, { jwk }) => {
  const provider = new PrivateKeyJwtProvider({
    clientId,
    privateKey: { ...jwk },
    algorithm: 'ES256',
    scope: 'edit',
    expectedIssuer: server.issuer,
  })
  expect(await auth(provider, { serverUrl: server.issuer })).toBe('AUTHORIZED')
  return provider.tokens()?.access_token ?? ''
}

const ways: [string, string, 'private_key_jwt' | 'client_secret_jwt', Ask][] = [
  [
    'openid-client, private_key_jwt',
    KEYED,
    'private_key_jwt',
    byOpenidClient('oauth2', ({ key }) => openid.PrivateKeyJwt(asCryptoKey(key))),
  ],
  [
    'openid-client, private_key_jwt with a kid, openid-configuration',
    KEYED,
    'private_key_jwt',
    byOpenidClient('oidc', ({ key }) => openid.PrivateKeyJwt({ key: asCryptoKey(key), kid: 'own' })),
  ],
  [
    'openid-client, client_secret_jwt',
    SHARING,
    'client_secret_jwt',
    byOpenidClient('oauth2', ({ secret }) => openid.ClientSecretJwt(secret)),
  ],
  [
    'oauth4webapi, private_key_jwt',
    KEYED,
    'private_key_jwt',
    byOauth4webapi(({ key }) => oauth.PrivateKeyJwt(asCryptoKey(key))),
  ],
  [
    'oauth4webapi, client_secret_jwt',
    SHARING,
    'client_secret_jwt',
    byOauth4webapi(({ secret }) => oauth.ClientSecretJwt(secret)),
  ],
  ['the MCP SDK, private_key_jwt', KEYED, 'private_key_jwt', byMcp],
]

describe.each(ways)('%s', (_name, clientId, method, ask) => {
  test('gets a token, twice', async () => {
    for (const token of [await ask(clientId, GOOD), await ask(clientId, GOOD)]) {
      const claims = await verifiedClaims(server, token, AUDIENCE)
      expect(claims).toMatchObject({ sub: clientId, client_id: clientId, scope: 'edit' })
      const [event] = await server.audit(claims.jti)
      expect(event).toMatchObject({ result: 'success', clientId, detail: { method } })
    }
  })

  test('is refused with another key or secret, and reports it', async () => {
    const before = await refusals()
    await expect(ask(clientId, WRONG)).rejects.toThrow()
    // Some libraries retry.
    await expect.poll(async () => (await refusals()).length).toBeGreaterThan(before.length)
    expect((await refusals()).at(-1)).toMatchObject({ reason: 'assertion_signature', clientId, detail: { method } })
  })
})

const refusals = async () => (await server.audit()).filter(({ result }) => result === 'refused')

describe('an assertion of common Python clients: for the token endpoint, for an hour, without client_id', () => {
  const claims = (clientId: string) => {
    const now = Date.now() / 1000
    const tokenEndpoint = `${server.issuer}/as/token.oauth2`
    // Python's time may have a fraction.
    return { iss: clientId, sub: clientId, aud: tokenEndpoint, iat: now, exp: now + 3_600, jti: randomUUID() }
  }
  const signed = (clientId: string) => signWith(own, claims(clientId), { typ: 'JWT' })
  const shared = (clientId: string) => {
    const input = `${encode('{"alg":"HS256","typ":"JWT"}')}.${encode(JSON.stringify(claims(clientId)))}`
    return `${input}.${createHmac('sha256', SECRET).update(input).digest('base64url')}`
  }

  test.each([
    ['private_key_jwt', signed],
    ['client_secret_jwt', shared],
  ])('%s: accepted if the client is registered as compatible', async (method, make) => {
    const response = await server.token(formOf(await make(COMPATIBLE)))
    expect(response.status).toBe(200)
    expect(await eventOf(server, response)).toMatchObject({ clientId: COMPATIBLE, detail: { method } })
  })

  test('refused with an explanation otherwise', async () => {
    await expectUnauthenticated(server, await server.token(formOf(await signed(KEYED))), {
      reason: 'assertion_audience',
      clientId: KEYED,
      detail: { expected: [server.issuer], received: `${server.issuer}/as/token.oauth2` },
    })
  })
})
