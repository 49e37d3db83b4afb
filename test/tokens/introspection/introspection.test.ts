import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/platform/clock.ts'
import { StorageUnavailable } from '../../../src/platform/storage-unavailable.ts'
import { openStore } from '../../../src/store/open.ts'
import { newSecret, SECRET } from '../../harness/model.ts'
import { described } from '../../harness/refused.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

const VALIDATE = 'urn:pingidentity.com:oauth2:grant_type:validate_bearer'
const credentials = `credentials: [{ secret: ${SECRET} }]`
const MODEL = `
apis:
  - { audience: "https://plain.example.com", scopes: [{ name: plain }] }
  - { audience: "https://sealed.example.com", token: { format: sealed, claims: { tenant: acme } }, scopes: [{ name: sealed }] }
  - { audience: "https://scp.example.com", token: { scope_claims: [scp], algorithm: EdDSA }, scopes: [{ name: a }, { name: b }] }
clients:
  - { client_id: caller, scopes: [plain, sealed, a, b], subject: svc@example.com, ${credentials} }
  - { client_id: plain-api, introspects: ["https://plain.example.com"], ${credentials} }
  - { client_id: sealed-api, introspects: ["https://sealed.example.com"], ${credentials} }
  - { client_id: watcher, introspects: all, ${credentials} }
`

let server: TestServer
let foreign: TestServer
let behind = 0
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL, clock: { ...systemClock, now: () => systemClock.now() - behind } })
  foreign = await startTestServer({ manifest: MODEL })
})
afterAll(async () => {
  await server.stop()
  await foreign.stop()
})

async function issue(scope: string, from = server): Promise<string> {
  const response = await from.token({ grant_type: 'client_credentials', scope }, basic('caller', SECRET))
  return ((await response.json()) as { access_token: string }).access_token
}

const post = (path: string, client: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(server.issuer + path, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: { ...basic(client, SECRET), ...headers },
  })

const introspect = (client: string, token: string, headers?: Record<string, string>) =>
  post('/as/introspect.oauth2', client, { token }, headers)

const validate = (client: string, token: string) => post('/as/token.oauth2', client, { grant_type: VALIDATE, token })

describe('an active token (RFC 7662 §2.2)', () => {
  test.each(['plain', 'sealed', 'a b'])('with scope %s', async (scope) => {
    const token = await issue(scope)
    const response = await introspect('watcher', token)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json;charset=UTF-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toMatchObject({
      active: true,
      scope,
      client_id: 'caller',
      token_type: 'Bearer',
      exp: expect.any(Number),
      iat: expect.any(Number),
      sub: 'svc@example.com',
      aud: expect.any(String),
      iss: server.issuer,
      jti: expect.any(String),
    })
  })

  test('has the claims of its API', async () => {
    expect(await (await introspect('sealed-api', await issue('sealed'))).json()).toMatchObject({
      active: true,
      tenant: 'acme',
    })
  })

  test('is active at every request, and a hint changes nothing', async () => {
    const token = await issue('plain')
    for (const hint of ['access_token', 'refresh_token', 'x']) {
      const response = await post('/as/introspect.oauth2', 'plain-api', { token, token_type_hint: hint })
      expect(await response.json()).toMatchObject({ active: true })
    }
  })

  test('is answered as a signed JWT if the request accepts one (RFC 9701 §5)', async () => {
    const token = await issue('sealed')
    const response = await introspect('sealed-api', token, { accept: 'application/token-introspection+jwt' })
    expect(response.headers.get('content-type')).toBe('application/token-introspection+jwt')
    const { payload, protectedHeader } = await jwtVerify(
      await response.text(),
      createRemoteJWKSet(new URL(`${server.issuer}/pf/JWKS`)),
      { issuer: server.issuer, audience: 'sealed-api', typ: 'token-introspection+jwt' },
    )
    expect(protectedHeader.alg).toBe('ES256')
    expect(payload['token_introspection']).toMatchObject({ active: true, scope: 'sealed', client_id: 'caller' })
    expect(payload).not.toHaveProperty('sub')
    expect(payload).not.toHaveProperty('exp')
  })

  test('an inactive one is, too', async () => {
    const response = await introspect('sealed-api', 'garbage', { accept: 'application/token-introspection+jwt' })
    expect(decodeJwt(await response.text())['token_introspection']).toEqual({ active: false })
  })
})

describe('inactive-token: any other token is inactive, without further members', () => {
  const expectInactive = async (response: Response) => {
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('{"active":false}')
  }

  test.each(['plain', 'sealed'])('a token for another API: %s', async (scope) => {
    await expectInactive(await introspect(scope === 'plain' ? 'sealed-api' : 'plain-api', await issue(scope)))
  })

  test.each(['plain', 'sealed'])('a token of another server: %s', async (scope) => {
    await expectInactive(await introspect('watcher', await issue(scope, foreign)))
  })

  test.each(['plain', 'sealed'])('an expired token, seen before or not: %s', async (scope) => {
    const seen = await issue(scope)
    await introspect('watcher', seen)
    behind = 5 * 3600_000
    const unseen = await issue(scope)
    behind = -5 * 3600_000
    await expectInactive(await introspect('watcher', seen))
    behind = 0
    await expectInactive(await introspect('watcher', unseen))
  })

  test.each(['plain', 'sealed'])('a token changed in any place: %s', async (scope) => {
    const token = await issue(scope)
    for (let at = 0; at < token.length; at += 7) {
      const other = token[at] === 'A' ? 'B' : 'A'
      await expectInactive(await introspect('watcher', token.slice(0, at) + other + token.slice(at + 1)))
    }
  })

  test.each([
    'x',
    'a.b.c',
    '..',
    'tsa_',
    `tsa_${'A'.repeat(100)}`,
    'eyJhbGciOiJub25lIn0.e30.',
    'é',
    'a'.repeat(20_000),
  ])('garbage: %s', async (token) => {
    await expectInactive(await introspect('watcher', token))
  })

  test('a signed introspection response is no access token', async () => {
    const answer = await introspect('watcher', await issue('plain'), { accept: 'application/token-introspection+jwt' })
    await expectInactive(await introspect('watcher', await answer.text()))
  })
})

describe('permission to introspect', () => {
  test('anonymous-introspection: a request without credentials has none', async () => {
    const response = await fetch(`${server.issuer}/as/introspect.oauth2`, {
      method: 'POST',
      body: new URLSearchParams({ token: 'x' }),
    })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Basic /)
    expect(await response.json()).toMatchObject({ error: 'invalid_client' })
  })

  test('a client with a wrong secret has none, and the refusal is recorded', async () => {
    const headers = basic('watcher', newSecret())
    const response = await post('/as/introspect.oauth2', 'watcher', { token: 'x' }, headers)
    expect(response.status).toBe(401)
    const [event] = await server.audit(response.headers.get('x-request-id'))
    expect(event).toMatchObject({ type: 'token.introspect', reason: 'wrong_secret', clientId: 'watcher' })
  })

  test('a client without permission has none, not even for its own token', async () => {
    const response = await introspect('caller', await issue('plain'))
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: 'unauthorized_client' })
  })

  test.each([
    ['no token', {}],
    ['an empty token', { token: '' }],
  ])('%s is an invalid request', async (_name, form) => {
    const response = await post('/as/introspect.oauth2', 'watcher', form)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: 'invalid_request',
      error_description: described('token is required'),
    })
  })

  test('GET and a token in the query are refused', async () => {
    const url = `${server.issuer}/as/introspect.oauth2`
    expect((await fetch(`${url}?token=x`, { headers: basic('watcher', SECRET) })).status).toBe(405)
    const query = await fetch(`${url}?token=x`, {
      method: 'POST',
      body: new URLSearchParams({ token: 'x' }),
      headers: basic('watcher', SECRET),
    })
    expect(query.status).toBe(400)
  })
})

describe('database-failure: when the database fails', () => {
  let failing = false
  let server: TestServer
  beforeAll(async () => {
    const away = () => Promise.reject(new StorageUnavailable(undefined))
    server = await startTestServer({
      manifest: MODEL,
      open: async (location, clock) => {
        const store = await openStore(location, clock)
        const revocations: typeof store.revocations = {
          addRevocations: (added) => (failing ? away() : store.revocations.addRevocations(added)),
          revocationsAfter: (after, limit) => (failing ? away() : store.revocations.revocationsAfter(after, limit)),
          isTokenRevoked: async () => false,
          pruneRevocations: (time, most) => store.revocations.pruneRevocations(time, most),
          longestLifetime: () => store.revocations.longestLifetime(),
          noteLifetime: (lifetime) => store.revocations.noteLifetime(lifetime),
        }
        return { ...store, revocations }
      },
    })
  })
  afterAll(() => server.stop())

  const ask = (path: string, client: string, token: string) =>
    fetch(server.issuer + path, {
      method: 'POST',
      body: new URLSearchParams({ token }),
      headers: basic(client, SECRET),
    })

  test('introspection and revocation are 503, never an answer; tokens are still issued; afterwards all works again', async () => {
    const token = await issue('plain', server)
    failing = true
    const revoked = await ask('/as/revoke_token.oauth2', 'caller', token)
    expect(revoked.status).toBe(503)
    expect(revoked.headers.get('retry-after')).toBe('1')
    expect(await revoked.json()).toMatchObject({ error: 'temporarily_unavailable' })
    await new Promise((resolve) => setTimeout(resolve, 1_300))
    expect((await ask('/as/introspect.oauth2', 'watcher', token)).status).toBe(503)
    expect(await issue('plain', server)).toMatch(/^ey/)
    failing = false
    expect(await (await ask('/as/introspect.oauth2', 'watcher', token)).json()).toMatchObject({ active: true })
  })
})

describe("PingFederate's validation grant", () => {
  test.each([
    ['plain', 'plain-api'],
    ['sealed', 'sealed-api'],
  ])('answers with the claims: %s', async (scope, client) => {
    const response = await validate(client, await issue(scope))
    expect(response.status).toBe(200)
    const body = (await response.json()) as { expires_in: number }
    expect(body).toEqual({
      access_token: expect.objectContaining({ sub: 'svc@example.com', scope, client_id: 'caller' }),
      token_type: 'urn:pingidentity.com:oauth2:validated_token',
      expires_in: expect.any(Number),
      scope,
      client_id: 'caller',
    })
    expect(body.expires_in).toBeGreaterThan(14_300)
    expect(body.expires_in).toBeLessThanOrEqual(14_400)
  })

  test.each([
    ['garbage', 'plain-api', 'x', 400, 'invalid_grant'],
    ['no permission', 'caller', 'x', 403, 'unauthorized_client'],
    ['no token', 'plain-api', '', 400, 'invalid_request'],
  ])('%s', async (_name, client, token, status, error) => {
    const response = await validate(client, token)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error })
  })

  test('a token for another API', async () => {
    expect(await (await validate('plain-api', await issue('sealed'))).json()).toMatchObject({ error: 'invalid_grant' })
  })
})
