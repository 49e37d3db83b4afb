import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SECRET } from '../../harness/model.ts'
import { type ResourceServer, startResourceServer } from '../../harness/resource-server.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'

const AUDIENCE = 'https://api.example.com'
const MANIFEST = `
apis: [{ audience: "${AUDIENCE}", scopes: [{ name: edit }] }]
clients: [{ client_id: caller, require: dpop, scopes: [edit], credentials: [{ secret: ${SECRET} }] }]
`
const client: oauth.Client = { client_id: 'caller' }

let relaxed: TestServer
let careful: TestServer
beforeAll(async () => {
  relaxed = await startTestServer({ manifest: MANIFEST })
  careful = await startTestServer({ manifest: MANIFEST, options: { 'dpop.require_nonce': 'on' } })
})
afterAll(async () => {
  await relaxed.stop()
  await careful.stop()
})

async function discover({ issuer }: TestServer): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer)
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm: 'oauth2' }))
}

async function request(as: oauth.AuthorizationServer, DPoP: oauth.DPoPHandle): Promise<oauth.TokenEndpointResponse> {
  const authentication = oauth.ClientSecretBasic(SECRET)
  const response = await oauth.clientCredentialsGrantRequest(as, client, authentication, { scope: 'edit' }, { DPoP })
  return oauth.processClientCredentialsResponse(as, client, response)
}

describe('as clients', () => {
  test('oauth4webapi gets tokens repeatedly', async () => {
    const as = await discover(relaxed)
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    for (const _ of [1, 2]) expect(await request(as, DPoP)).toMatchObject({ token_type: 'dpop', scope: 'edit' })
  })

  test('oauth4webapi gets the nonce, and retries with it', async () => {
    const as = await discover(careful)
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('EdDSA'))
    const refusal: unknown = await request(as, DPoP).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ status: 400, error: 'use_dpop_nonce' })
    expect(oauth.isDPoPNonceError(refusal)).toBe(true)
    for (const _ of [1, 2]) expect(await request(as, DPoP)).toMatchObject({ token_type: 'dpop' })
  })

  test('oauth4webapi without a proof learns that one is required', async () => {
    const as = await discover(careful)
    const response = await oauth.clientCredentialsGrantRequest(as, client, oauth.ClientSecretBasic(SECRET), {})
    await expect(oauth.processClientCredentialsResponse(as, client, response)).rejects.toMatchObject({
      constructor: oauth.ResponseBodyError,
      status: 400,
      error: 'invalid_dpop_proof',
    })
  })

  test.each([
    ['with nonces', () => careful],
    ['without nonces', () => relaxed],
  ])('openid-client’s handle handles everything, %s', async (_name, server) => {
    const config = await openid.discovery(new URL(server().issuer), 'caller', SECRET)
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    for (const _ of [1, 2]) {
      const answer = await openid.clientCredentialsGrant(config, { scope: 'edit' }, { DPoP })
      expect(answer).toMatchObject({ token_type: 'dpop', scope: 'edit' })
    }
  })
})

describe('stolen-bound-token: a resource server with oauth4webapi', () => {
  let api: ResourceServer
  let token: string
  const refusals: unknown[] = []
  const keys = { own: undefined as oauth.CryptoKeyPair | undefined }
  beforeAll(async () => {
    const as = await discover(relaxed)
    api = await startResourceServer(async ({ headers, url, method }, response) => {
      const asked = new Request(api.url + url, {
        method: method ?? 'GET',
        headers: new Headers(headers as Record<string, string>),
      })
      try {
        const claims = await oauth.validateJwtAccessToken(as, asked, AUDIENCE, { requireDPoP: true })
        response.writeHead(200).end(claims.sub)
      } catch (error) {
        refusals.push(error)
        response.writeHead(401, { 'WWW-Authenticate': 'DPoP error="invalid_token"' }).end()
      }
    })
    keys.own = await oauth.generateKeyPair('ES256')
    token = (await request(as, oauth.DPoP(client, keys.own))).access_token
  })
  afterAll(() => api.stop())

  const call = (keyPair: oauth.CryptoKeyPair) =>
    oauth.protectedResourceRequest(token, 'GET', new URL('/things', api.url), undefined, undefined, {
      DPoP: oauth.DPoP(client, keyPair),
    })

  test('accepts a token with a proof of its key', async () => {
    if (keys.own === undefined) throw new Error('no key')
    expect(await (await call(keys.own)).text()).toBe('caller')
  })

  test('rejects one with a proof of another key', async () => {
    await expect(call(await oauth.generateKeyPair('ES256'))).rejects.toMatchObject({ status: 401 })
    expect(refusals.at(-1)).toMatchObject({ message: expect.stringMatching(/confirmation/) })
  })

  test.each([
    ['DPoP', /DPoP/],
    ['Bearer', /DPoP/],
  ])('rejects one without a proof, as %s', async (scheme, message) => {
    const response = await fetch(`${api.url}/things`, { headers: { authorization: `${scheme} ${token}` } })
    expect(response.status).toBe(401)
    expect(refusals.at(-1)).toMatchObject({ message: expect.stringMatching(message) })
  })
})
