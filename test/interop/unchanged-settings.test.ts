/**
 * The settings that clients and APIs of Keycloak, Hydra and Auth0 already have, against Tessera with the options of
 * `docs/migrating/aliases.md`.
 */

import { readFileSync } from 'node:fs'
import { OAuth2Client } from '@badgateway/oauth2-client'
import { JwtVerifier } from 'aws-jwt-verify'
import express, { type Request } from 'express'
import { type AuthResult, auth } from 'express-oauth2-jwt-bearer'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { ClientCredentials } from 'simple-oauth2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { AUDIENCE, GUIDE, manifestFor } from '../harness/library-setting.ts'
import { freePort } from '../harness/port.ts'
import { startResourceServer } from '../harness/resource-server.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

/** A server that Tessera replaces: its addresses, relative to its origin, as clients and APIs have them in their settings. */
interface Replaced {
  readonly issuer: string
  readonly token: string
  readonly keys: string
  readonly revocation?: string
  readonly introspection?: string
}

const REPLACED: readonly [string, Replaced][] = [
  [
    'Keycloak',
    {
      issuer: '/realms/demo',
      token: '/realms/demo/protocol/openid-connect/token',
      keys: '/realms/demo/protocol/openid-connect/certs',
      revocation: '/realms/demo/protocol/openid-connect/revoke',
      introspection: '/realms/demo/protocol/openid-connect/token/introspect',
    },
  ],
  ['Ory Hydra', { issuer: '', token: '/oauth2/token', keys: '/.well-known/jwks.json', revocation: '/oauth2/revoke' }],
  ['Auth0', { issuer: '/', token: '/oauth/token', keys: '/.well-known/jwks.json' }],
]

interface Documented {
  readonly issuer: string
  readonly aliases: readonly { readonly path: string; readonly to: string }[]
}

/** The options under the heading of a server in `docs/migrating/aliases.md`. */
function documented(name: string): Documented {
  const page = readFileSync('docs/migrating/aliases.md', 'utf8')
  const [, yaml = ''] = new RegExp(`\n## ${name}\n[\\s\\S]*?\`\`\`yaml\n([\\s\\S]*?)\`\`\``).exec(page) ?? []
  return parse(yaml) as Documented
}

describe.each(REPLACED)('%s', (name, replaced) => {
  let server: TestServer
  let origin: string
  let issuer: string
  beforeAll(async () => {
    const port = await freePort()
    origin = `https://localhost:${port}`
    issuer = origin + replaced.issuer
    const page = documented(name)
    const aliases = page.aliases.map(({ path, to }) => `${path}=${to}`).join(',')
    const written = page.issuer.replace(/^https:\/\/[^/]*/, origin)
    server = await startTestServer({
      manifest: manifestFor(AUDIENCE),
      options: { issuer: written, 'runtime.port': String(port), aliases },
    })
  })
  afterAll(() => server.stop())

  const withSimpleOauth2 = async (): Promise<string> => {
    const client = new ClientCredentials({
      client: { id: GUIDE.clientId, secret: GUIDE.secret },
      auth: { tokenHost: origin, tokenPath: replaced.token },
      options: { authorizationMethod: 'body' },
    })
    return (await client.getToken({ scope: GUIDE.scope })).token.access_token
  }

  test('the page has its issuer', () => {
    expect(server.issuer).toBe(issuer)
  })

  test('its token URL answers the request of the guide', async () => {
    const response = await fetch(origin + replaced.token, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        Authorization: basic(GUIDE.clientId, GUIDE.secret).authorization,
      },
      body: 'grant_type=client_credentials&scope=edit',
    })
    expect(await response.json()).toMatchObject({ token_type: 'Bearer', expires_in: 14_400 })
  })

  test.each<[string, () => Promise<string>]>([
    ['simple-oauth2 with its token URL', withSimpleOauth2],
    [
      '@badgateway/oauth2-client with its token URL',
      async () => {
        const { clientId, secret: clientSecret, scope } = GUIDE
        const client = new OAuth2Client({ clientId, clientSecret, tokenEndpoint: origin + replaced.token })
        return (await client.clientCredentials({ scope: [scope] })).accessToken
      },
    ],
    [
      'openid-client with its token URL',
      async () => {
        const metadata = { issuer, token_endpoint: origin + replaced.token }
        const config = new openid.Configuration(metadata, GUIDE.clientId, GUIDE.secret)
        return (await openid.clientCredentialsGrant(config, { scope: GUIDE.scope })).access_token
      },
    ],
    [
      'openid-client, which discovers its issuer (OpenID Connect Discovery)',
      async () => {
        const config = await openid.discovery(new URL(issuer), GUIDE.clientId, GUIDE.secret)
        return (await openid.clientCredentialsGrant(config, { scope: GUIDE.scope })).access_token
      },
    ],
    [
      'openid-client, which discovers its issuer (RFC 8414)',
      async () => {
        const options = { algorithm: 'oauth2' } as const
        const config = await openid.discovery(new URL(issuer), GUIDE.clientId, GUIDE.secret, undefined, options)
        return (await openid.clientCredentialsGrant(config, { scope: GUIDE.scope })).access_token
      },
    ],
    [
      'a client with the audience parameter of Auth0 and Hydra',
      async () => {
        const { clientId: client_id, secret: client_secret } = GUIDE
        const body = { grant_type: 'client_credentials', audience: AUDIENCE, client_id, client_secret }
        const response = await fetch(origin + replaced.token, { method: 'POST', body: new URLSearchParams(body) })
        return ((await response.json()) as { access_token: string }).access_token
      },
    ],
  ])('%s gets a token', async (_name, ask) => {
    const keys = createRemoteJWKSet(new URL(origin + replaced.keys))
    const { payload } = await jwtVerify(await ask(), keys, { issuer, audience: AUDIENCE })
    expect(payload).toMatchObject({ iss: issuer, client_id: GUIDE.clientId, scope: GUIDE.scope })
  })

  test.each<[string, (token: string) => Promise<object>]>([
    [
      'aws-jwt-verify with its issuer and key URL',
      (token) => JwtVerifier.create({ issuer, audience: AUDIENCE, jwksUri: origin + replaced.keys }).verify(token),
    ],
    [
      'oauth4webapi, which discovers its issuer',
      async (token) => {
        const url = new URL(issuer)
        const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url))
        const request = new Request(AUDIENCE, { headers: { authorization: `Bearer ${token}` } })
        return oauth.validateJwtAccessToken(as, request, AUDIENCE)
      },
    ],
    [
      'express-oauth2-jwt-bearer with its issuerBaseURL',
      async (token) => {
        const app = express()
        app.use(auth({ issuerBaseURL: issuer, audience: AUDIENCE }))
        app.get('/', (request: Request & { auth?: AuthResult }, response) => response.json(request.auth?.payload))
        const api = await startResourceServer(app)
        try {
          const response = await fetch(api.url, { headers: { authorization: `Bearer ${token}` } })
          return (await response.json()) as object
        } finally {
          await api.stop()
        }
      },
    ],
  ])('%s verifies tokens', async (_name, verify) => {
    expect(await verify(await withSimpleOauth2())).toMatchObject({ iss: issuer, client_id: GUIDE.clientId })
  })

  test('its other URLs lead to their endpoints', async () => {
    const token = await withSimpleOauth2()
    const headers = basic(GUIDE.clientId, GUIDE.secret)
    for (const path of [replaced.introspection, replaced.revocation].filter((one) => one !== undefined)) {
      const body = new URLSearchParams({ token })
      const response = await fetch(origin + path, { method: 'POST', headers, body })
      // The guide's client may not introspect, which the endpoint says.
      expect([path, response.status]).toEqual([path, path === replaced.introspection ? 403 : 200])
    }
  })

  test('refuses JSON, which some libraries of Auth0 send, and says what it takes', async () => {
    const response = await fetch(origin + replaced.token, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        grant_type: 'client_credentials',
        client_id: GUIDE.clientId,
        client_secret: GUIDE.secret,
      }),
    })
    expect({ status: response.status, ...((await response.json()) as object) }).toMatchObject({
      status: 400,
      error: 'invalid_request',
      error_description: expect.stringContaining('must be application/x-www-form-urlencoded'),
    })
  })
})
