import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signingAlgorithms } from '../../../src/oauth/algorithms.ts'
import { MODEL } from '../../harness/model.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'
import { authorizationServerMetadata, openidProviderMetadata } from './standards.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL })
})
afterAll(() => server.stop())

const METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
]
const ASYMMETRIC = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA', 'Ed25519']
const ASSERTED = [...ASYMMETRIC, 'HS256', 'HS384', 'HS512']

/** Members that OpenID Connect Discovery 1.0 §3 requires beyond RFC 8414, or whose defaults would promise too much. */
const OPENID = {
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['ES256', 'RS256', 'PS256', 'EdDSA'],
  request_uri_parameter_supported: false,
}

const documents = [
  { path: '/.well-known/oauth-authorization-server', schema: authorizationServerMetadata, more: {} },
  { path: '/.well-known/openid-configuration', schema: openidProviderMetadata, more: OPENID },
]

describe.each(documents)('$path', ({ path, schema, more }) => {
  const get = (init: RequestInit = {}) => fetch(server.issuer + path, init)

  test('has the members that its standard requires', async () => {
    expect(schema.safeParse(await (await get()).json()).error?.issues ?? []).toEqual([])
  })

  test('describes this server', async () => {
    const response = await get()
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      issuer: server.issuer,
      token_endpoint: `${server.issuer}/as/token.oauth2`,
      authorization_endpoint: `${server.issuer}/as/authorization.oauth2`,
      jwks_uri: `${server.issuer}/pf/JWKS`,
      response_types_supported: [],
      grant_types_supported: ['client_credentials', 'urn:pingidentity.com:oauth2:grant_type:validate_bearer'],
      // The order matters, because some clients use the first method that they know.
      token_endpoint_auth_methods_supported: METHODS,
      token_endpoint_auth_signing_alg_values_supported: ASSERTED,
      introspection_endpoint: `${server.issuer}/as/introspect.oauth2`,
      introspection_endpoint_auth_methods_supported: METHODS,
      introspection_endpoint_auth_signing_alg_values_supported: ASSERTED,
      introspection_signing_alg_values_supported: ['ES256'],
      revocation_endpoint: `${server.issuer}/as/revoke_token.oauth2`,
      revocation_endpoint_auth_methods_supported: METHODS,
      revocation_endpoint_auth_signing_alg_values_supported: ASSERTED,
      dpop_signing_alg_values_supported: ASYMMETRIC,
      tls_client_certificate_bound_access_tokens: true,
      ...more,
    })
  })

  test('has an issuer that verifiers can compare as text', async () => {
    const { issuer } = (await (await get()).json()) as { issuer: string }
    expect(issuer).toBe(new URL(issuer).origin)
  })

  test('names only endpoints that exist', async () => {
    const metadata = (await (await get()).json()) as Record<string, unknown>
    const named = Object.entries(metadata).filter(([name]) => /_(endpoint|uri)$/.test(name))
    expect(named.map(([name]) => name).sort()).toEqual([
      'authorization_endpoint',
      'introspection_endpoint',
      'jwks_uri',
      'revocation_endpoint',
      'token_endpoint',
    ])
    for (const [name, url] of named) {
      expect({ name, status: (await fetch(String(url))).status }).not.toMatchObject({ status: 404 })
    }
  })

  test('is JSON that may be cached for five minutes', async () => {
    const { headers } = await get()
    expect(headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(headers.get('cache-control')).toBe('public, max-age=300')
    expect(headers.get('pragma')).toBeNull()
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('answers HEAD as GET, without the body', async () => {
    const [head, full] = [await get({ method: 'HEAD' }), await get()]
    expect(head.status).toBe(200)
    expect(await head.text()).toBe('')
    for (const name of ['content-type', 'content-length', 'cache-control']) {
      expect(head.headers.get(name)).toBe(full.headers.get(name))
    }
  })
})

test("verifiers learn every algorithm that an API's tokens may be signed with", () => {
  expect(OPENID.id_token_signing_alg_values_supported).toEqual(signingAlgorithms)
})
