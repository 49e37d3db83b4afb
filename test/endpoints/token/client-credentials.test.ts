import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MODEL, SECRET } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL })
})
afterAll(() => server.stop())

const ask = (client: string, form: Record<string, string> | string = {}) =>
  server.token(typeof form === 'string' ? form : { grant_type: 'client_credentials', ...form }, basic(client, SECRET))

async function claimsOf(response: Response) {
  expect(response.status).toBe(200)
  const body = (await response.json()) as { access_token: string; scope: string; expires_in: number }
  return { body, claims: decodeJwt(body.access_token) }
}

describe('a successful response (RFC 6749 §5.1)', () => {
  test('has exactly the members and headers of the guide, and the scope', async () => {
    const response = await ask('reporter', { scope: 'edit' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json;charset=UTF-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('pragma')).toBe('no-cache')
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    const body = await response.json()
    expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 14400, scope: 'edit' })
  })

  test('carries a JWT access token (RFC 9068 §2)', async () => {
    const before = Math.floor(Date.now() / 1000)
    const { body, claims } = await claimsOf(await ask('reporter', { scope: 'edit' }))
    expect(decodeProtectedHeader(body.access_token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) })
    expect(claims).toEqual({
      iss: server.issuer,
      sub: 'svc-reporter@example.com',
      aud: 'https://api.example.com',
      client_id: 'reporter',
      iat: expect.any(Number),
      exp: (claims.iat ?? 0) + 14400,
      jti: expect.any(String),
      scope: 'edit',
    })
    expect(claims.iat).toBeGreaterThanOrEqual(before)
  })

  test('never has the same jti twice', async () => {
    const jtis = await Promise.all(
      Array.from({ length: 50 }, async () => (await claimsOf(await ask('reporter', { scope: 'edit' }))).claims.jti),
    )
    expect(new Set(jtis).size).toBe(50)
  })
})

describe('granted requests', () => {
  const cases: [string, string, Record<string, string> | string, Record<string, unknown>][] = [
    [
      'no scope requested: all scopes of the client',
      'reporter',
      {},
      { scope: 'edit delete', aud: 'https://api.example.com' },
    ],
    ['no scope requested: the client’s defaults', 'auditor', {}, { scope: 'edit' }],
    ['an empty scope counts as omitted', 'auditor', { scope: '' }, { scope: 'edit' }],
    ['a subset, in the requested order', 'reporter', { scope: 'delete edit' }, { scope: 'delete edit' }],
    ['a scope twice is granted once', 'reporter', { scope: 'edit edit' }, { scope: 'edit' }],
    ['the subject is the client by default', 'auditor', {}, { sub: 'auditor' }],
    ['the API of the scope', 'batch', { scope: 'vault:open' }, { aud: 'https://vault.example.com' }],
    ['the one API that has both scopes', 'batch', { scope: 'read edit' }, { aud: 'https://api.example.com' }],
    ['the API named by resource', 'batch', { resource: 'https://vault.example.com' }, { scope: 'read vault:open' }],
    ['audience is a synonym', 'batch', { audience: 'https://vault.example.com' }, { aud: 'https://vault.example.com' }],
    [
      'several resources',
      'batch',
      'grant_type=client_credentials&resource=https://vault.example.com&resource=https://api.example.com&scope=read',
      { aud: ['https://vault.example.com', 'https://api.example.com'], scope: 'read' },
    ],
  ]
  test.each(cases)('%s', async (_name, client, form, expected) => {
    const { body, claims } = await claimsOf(await ask(client, form))
    expect(claims).toMatchObject(expected)
    expect(body.scope).toBe(claims['scope'])
  })

  test.each([
    ['of the client', 'brief', {}, 60],
    ['of the API', 'batch', { resource: 'https://vault.example.com' }, 3600],
    ['of the server', 'batch', { resource: 'https://api.example.com' }, 14400],
  ] as const)('the lifetime %s', async (_name, client, form, lifetime) => {
    const { body, claims } = await claimsOf(await ask(client, form))
    expect(body.expires_in).toBe(lifetime)
    expect(claims.exp).toBe((claims.iat ?? 0) + lifetime)
  })

  test('several APIs: the shortest lifetime', async () => {
    const both = 'grant_type=client_credentials&resource=https://vault.example.com&resource=https://api.example.com'
    expect((await claimsOf(await ask('batch', both))).body.expires_in).toBe(3600)
  })
})

describe('refused requests', () => {
  const cases: [string, string, Record<string, string>, string, string][] = [
    ['a scope of another client', 'auditor', { scope: 'read' }, 'invalid_scope', 'scope_not_allowed'],
    ['a scope of no API', 'auditor', { scope: 'nothing' }, 'invalid_scope', 'scope_not_allowed'],
    ['one scope too many', 'auditor', { scope: 'edit read' }, 'invalid_scope', 'scope_not_allowed'],
    [
      'a scope of another API than the resource',
      'batch',
      { scope: 'edit', resource: 'https://vault.example.com' },
      'invalid_scope',
      'scope_not_allowed',
    ],
    ['a client without scopes', 'powerless', {}, 'invalid_scope', 'no_scope'],
    ['an unknown resource', 'batch', { resource: 'https://elsewhere.example.com' }, 'invalid_target', 'unknown_target'],
    [
      'a resource at which the client has no scope',
      'auditor',
      { resource: 'https://vault.example.com' },
      'invalid_target',
      'unknown_target',
    ],
    ['a relative resource', 'batch', { resource: '/vault' }, 'invalid_target', 'unknown_target'],
    [
      'a resource with a fragment',
      'batch',
      { resource: 'https://vault.example.com#x' },
      'invalid_target',
      'unknown_target',
    ],
    ['all scopes of two APIs', 'batch', {}, 'invalid_target', 'ambiguous_target'],
    ['a scope that two APIs share', 'reader', { scope: 'read' }, 'invalid_target', 'ambiguous_target'],
    ['a grant that the client may not use', 'grantless', {}, 'unauthorized_client', 'grant_not_allowed'],
  ]
  test.each(cases)('%s', async (_name, client, form, error, reason) => {
    const response = await ask(client, form)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error })
    const [event] = await server.audit(response.headers.get('x-request-id'))
    expect(event).toMatchObject({ type: 'token.issue', result: 'refused', reason, clientId: client })
  })

  test('the answer to an ambiguous request names the remedy', async () => {
    const body = (await (await ask('batch')).json()) as { error_description: string }
    expect(body.error_description).toContain('https://api.example.com')
    expect(body.error_description).toContain('https://vault.example.com')
  })
})

test('an issuance is recorded with client, API and address, and without the token or the secret', async () => {
  const response = await server.token(
    { grant_type: 'client_credentials', scope: 'edit' },
    { ...basic('reporter', SECRET), traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  )
  const { access_token } = (await response.json()) as { access_token: string }
  const [event] = await server.audit(response.headers.get('x-request-id'))
  expect(event).toMatchObject({
    type: 'token.issue',
    result: 'success',
    clientId: 'reporter',
    remoteAddress: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
    requestId: decodeJwt(access_token).jti,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    detail: {
      method: 'client_secret_basic',
      credential: expect.any(String),
      subject: 'svc-reporter@example.com',
      audience: 'https://api.example.com',
      scope: 'edit',
      lifetime: 14400,
    },
  })
  const recorded = JSON.stringify(event)
  expect(recorded).not.toContain(SECRET)
  expect(recorded).not.toContain(access_token.split('.')[2])
})
