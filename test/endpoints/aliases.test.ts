import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimsOf, eventOf, expectToken, expectUnauthenticated, formOf, post } from '../harness/assertions.ts'
import { SECRET } from '../harness/model.ts'
import { makeProof } from '../harness/proofs.ts'
import { sendRaw } from '../harness/raw.ts'
import { described } from '../harness/refused.ts'
import { scrape } from '../harness/scrape.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { makeSigner, signWith } from '../harness/tokens.ts'

const key = await makeSigner('ES256')
const jwks = `jwks: ${JSON.stringify({ keys: [key.publicJwk] })}`
const MANIFEST = `
apis: [{ audience: "https://api.example.com", scopes: [{ name: edit }, { name: admin }] }]
clients:
  - { client_id: cc_client, scopes: [edit], introspects: all, credentials: [{ secret: ${SECRET} }] }
  - { client_id: compatible, scopes: [edit], assertion_audience: compatible, credentials: [{ ${jwks} }] }
  - { client_id: exact, scopes: [edit], credentials: [{ ${jwks} }] }
`
const ALIASES = [
  ['/oauth2/token', '/as/token.oauth2', 'token'],
  ['/o/token/', '/as/token.oauth2', 'token'],
  ['/oauth2/introspect', '/as/introspect.oauth2', 'introspection'],
  ['/oauth2/revoke', '/as/revoke_token.oauth2', 'revocation'],
  ['/oauth2/auth', '/as/authorization.oauth2', 'authorization'],
  ['/oauth2/keys', '/pf/JWKS', 'keys'],
  ['/oauth2/metadata', '/.well-known/oauth-authorization-server', 'metadata'],
  ['/oauth2/configuration', '/.well-known/openid-configuration', 'openid_configuration'],
  ['/health/alive', '/pf/heartbeat.ping', 'heartbeat'],
] as const

let server: TestServer
beforeAll(async () => {
  const aliases = ALIASES.map(([path, , to]) => `${path}=${to}`).join(',')
  server = await startTestServer({ manifest: MANIFEST, options: { aliases } })
})
afterAll(() => server.stop())

const at = (path: string): string => server.issuer + path
const CREDENTIALS = basic('cc_client', SECRET)
const ask = (path: string, headers: Record<string, string> = {}) =>
  post(at(path), { grant_type: 'client_credentials', scope: 'edit' }, { ...CREDENTIALS, ...headers })

test('the token endpoint answers the same at an alias', async () => {
  const response = await ask('/oauth2/token')
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({
    access_token: expect.any(String),
    token_type: 'Bearer',
    expires_in: 14_400,
    scope: 'edit',
  })
  expect(await eventOf(server, response)).toMatchObject({ type: 'token.issue', result: 'success' })
})

test('introspection and revocation work at aliases', async () => {
  const { access_token: token } = (await (await ask('/oauth2/token')).json()) as { access_token: string }
  const isActive = async () =>
    ((await (await post(at('/oauth2/introspect'), { token }, CREDENTIALS)).json()) as { active: boolean }).active
  expect(await isActive()).toBe(true)
  expect((await post(at('/oauth2/revoke'), { token }, CREDENTIALS)).status).toBe(200)
  expect(await isActive()).toBe(false)
})

describe.each(ALIASES)('%s is %s', (alias, path) => {
  const shownAt = async (where: string, method: string, headers: Record<string, string> = {}) => {
    const response = await fetch(at(where), { method, headers, redirect: 'manual' })
    const { date: _, 'x-request-id': id = '', ...rest } = Object.fromEntries(response.headers)
    return { status: response.status, headers: rest, body: (await response.text()).replaceAll(id, '(id)') }
  }

  test.each(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'for %s, with its headers and body',
    async (method) => {
      expect(await shownAt(alias, method)).toEqual(await shownAt(path, method))
    },
  )

  test('foreign-origin: for a page', async () => {
    const page = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' }
    expect(await shownAt(alias, 'OPTIONS', page)).toEqual(await shownAt(path, 'OPTIONS', page))
    expect(await shownAt(alias, 'GET', page)).toEqual(await shownAt(path, 'GET', page))
  })
})

test('a request at an alias counts as one of its endpoint', async () => {
  const count = async (endpoint: string) =>
    (await scrape(server.admin)).value('tessera_requests_total', { endpoint, status: '200' }) ?? 0
  for (const [path, endpoint, send] of [
    ['/oauth2/token', 'token', () => ask('/oauth2/token')],
    ['/oauth2/keys', 'keys', () => fetch(at('/oauth2/keys'))],
    ['/oauth2/configuration', 'metadata', () => fetch(at('/oauth2/configuration'))],
    ['/health/alive', 'other', () => fetch(at('/health/alive'))],
  ] as const) {
    const before = await count(endpoint)
    expect((await send()).status, path).toBe(200)
    expect(await count(endpoint), path).toBe(before + 1)
  }
})

test('the metadata name no alias', async () => {
  const text = await (await fetch(at('/oauth2/metadata'))).text()
  expect(JSON.parse(text)).toMatchObject({ issuer: server.issuer, token_endpoint: at('/as/token.oauth2') })
  for (const [alias] of ALIASES) expect(text).not.toContain(`"${at(alias)}"`)
})

test.each([
  '/oauth2/token/',
  '/o/token',
  '//oauth2/token',
  '/oauth2//token',
  '/OAuth2/token',
  '/oauth2/Token',
  '/oauth2/%74oken',
  '/oauth2%2ftoken',
  '/oauth2/./token',
  '/oauth2/x/../token',
  '/oauth2/token;x=1',
  '/oauth2/token%00',
  '/oauth2\\token',
  '/oauth2',
  '/oauth2/token/as/token.oauth2',
])('odd-paths: %s is no alias', async (path) => {
  const body = 'grant_type=client_credentials'
  const { status, body: answer } = await sendRaw(
    server.issuer,
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${CREDENTIALS.authorization}\r\nConnection: close\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  expect(status).toBe(404)
  expect(JSON.parse(answer)).toMatchObject({
    error_description: described(`There is no such endpoint; the token endpoint is ${at('/as/token.oauth2')}`),
  })
})

test('forged-host: an alias answers at the host of the old server, too, and its tokens name the issuer', async () => {
  const body = 'grant_type=client_credentials'
  const { status, body: answer } = await sendRaw(
    server.issuer,
    `POST /oauth2/token HTTP/1.1\r\nHost: login.example.com\r\nAuthorization: ${CREDENTIALS.authorization}\r\n` +
      'Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n' +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  )
  expect(status).toBe(200)
  expect(decodeJwt((JSON.parse(answer) as { access_token: string }).access_token).iss).toBe(server.issuer)
})

describe('a DPoP proof is for the address of its request (RFC 9449 §4.3)', () => {
  test.each(['/as/token.oauth2', '/oauth2/token', '/o/token/'])('accepted at %s', async (path) => {
    const response = await ask(path, { dpop: await makeProof(at(path)) })
    expect(await response.json()).toMatchObject({ token_type: 'DPoP' })
  })

  test.each([
    ['/oauth2/token', '/as/token.oauth2'],
    ['/as/token.oauth2', '/oauth2/token'],
    ['/oauth2/token', '/o/token/'],
    ['/o/token/', '/o/token'],
    ['/oauth2/token', '/oauth2/introspect'],
  ])('dpop-htu: refused at %s if made for %s', async (path, made) => {
    const response = await ask(path, { dpop: await makeProof(at(made)) })
    expect({ status: response.status, body: await response.clone().json() }).toMatchObject({
      status: 400,
      body: { error: 'invalid_dpop_proof' },
    })
    expect(await eventOf(server, response)).toMatchObject({
      reason: 'dpop_proof_htu',
      detail: { expected: [at(path)], received: at(made) },
    })
  })

  test('dpop-replay: refused at another address after its own', async () => {
    const proof = await makeProof(at('/oauth2/token'))
    expect((await ask('/oauth2/token', { dpop: proof })).status).toBe(200)
    for (const path of ['/oauth2/token', '/as/token.oauth2', '/o/token/'])
      expect(await (await ask(path, { dpop: proof })).json()).toMatchObject({ error: 'invalid_dpop_proof' })
  })
})

describe('an assertion for an alias of the token endpoint', () => {
  const assertion = (clientId: string, aud: unknown) =>
    signWith(key, claimsOf(server.issuer, clientId, Math.floor(Date.now() / 1000), { aud }))
  const ACCEPTED: [string, () => unknown][] = [
    ['the alias', () => at('/oauth2/token')],
    ['the endpoint itself', () => at('/as/token.oauth2')],
    ['another alias', () => at('/o/token/')],
    ['the issuer and the alias', () => [server.issuer, at('/oauth2/token')]],
  ]

  test.each(ACCEPTED)('is accepted if the client is compatible: %s', async (_name, aud) => {
    const response = await post(at('/oauth2/token'), formOf(await assertion('compatible', aud())))
    await expectToken(server, response, 'compatible', 'private_key_jwt')
  })

  const REFUSED: [string, string, () => unknown][] = [
    ['a client that is not compatible', 'exact', () => at('/oauth2/token')],
    ['an alias of introspection', 'compatible', () => at('/oauth2/introspect')],
    ['an alias of the metadata', 'compatible', () => at('/oauth2/metadata')],
    ['no alias', 'compatible', () => at('/oauth/token')],
    ['a slash too many', 'compatible', () => at('/oauth2/token/')],
    ['another case', 'compatible', () => at('/OAUTH2/token')],
    ['an escaped slash', 'compatible', () => at('/oauth2%2ftoken')],
    ['a query', 'compatible', () => `${at('/oauth2/token')}?x`],
    ['the path alone', 'compatible', () => '/oauth2/token'],
    ['the alias at another server', 'compatible', () => 'https://old.example.com/oauth2/token'],
    ['the alias and another server', 'compatible', () => [at('/oauth2/token'), 'https://old.example.com']],
    ['three addresses', 'compatible', () => [server.issuer, at('/oauth2/token'), at('/o/token/')]],
  ]
  test.each(REFUSED)('assertion-audience: is refused: %s', async (_name, clientId, aud) => {
    const response = await post(at('/oauth2/token'), formOf(await assertion(clientId, aud())))
    await expectUnauthenticated(server, response, { reason: 'assertion_audience', clientId })
  })

  test('assertion-replay: is refused at another address after its first use', async () => {
    const form = formOf(await assertion('compatible', at('/oauth2/token')))
    expect((await post(at('/oauth2/token'), form)).status).toBe(200)
    for (const path of ['/as/token.oauth2', '/o/token/'])
      await expectUnauthenticated(server, await post(at(path), form), { reason: 'assertion_replayed' })
  })
})
