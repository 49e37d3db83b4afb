import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { described } from '../../harness/refused.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

async function expectRefusal(response: Response, status: number, error: string): Promise<void> {
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toBe('application/json;charset=UTF-8')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(await response.json()).toEqual({ error, error_description: expect.any(String) })
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const readable = ['GET', 'HEAD', 'OPTIONS']
const ENDPOINTS: [string, readonly string[]][] = [
  ['/as/token.oauth2', ['POST']],
  ['/as/authorization.oauth2', ['GET', 'HEAD', 'POST']],
  ['/pf/JWKS', readable],
  ['/.well-known/jwks.json', readable],
  ['/.well-known/oauth-authorization-server', readable],
  ['/.well-known/openid-configuration', readable],
  ['/pf/heartbeat.ping', ['GET', 'HEAD']],
]

describe.each(ENDPOINTS)('%s', (path, allowed) => {
  test.each(METHODS.filter((method) => !allowed.includes(method)))('refuses %s', async (method) => {
    const response = await fetch(server.issuer + path, { method })
    expect(response.headers.get('allow')).toBe(allowed.join(', '))
    if (method === 'HEAD')
      expect({ status: response.status, body: await response.text() }).toEqual({ status: 405, body: '' })
    else await expectRefusal(response, 405, 'invalid_request')
  })
})

test.each(['/', '/as', '/as/token', '/pf/JWKS/', '/.well-known/', '/healthz'])('there is no %s', async (path) => {
  const response = await fetch(server.issuer + path)
  expect(await response.clone().json()).toMatchObject({
    error_description: described(`There is no such endpoint; the token endpoint is ${server.issuer}/as/token.oauth2`),
  })
  await expectRefusal(response, 404, 'invalid_request')
})

test('a path that the admin listener lacks: no client looks for the token endpoint there', async () => {
  expect(await (await fetch(`${server.admin}/as/token.oauth2`)).json()).toMatchObject({
    detail: 'There is no such endpoint',
  })
})

test.each([
  ['GET', '?response_type=code&client_id=cc_client&redirect_uri=https://evil.example.com/'],
  ['GET', ''],
  ['POST', ''],
])('the authorization endpoint refuses: %s %s', async (method, query) => {
  const response = await fetch(`${server.issuer}/as/authorization.oauth2${query}`, { method, redirect: 'manual' })
  expect(response.headers.get('location')).toBeNull()
  await expectRefusal(response, 400, 'unsupported_response_type')
})

test('the heartbeat is OK', async () => {
  const response = await fetch(`${server.issuer}/pf/heartbeat.ping`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain;charset=UTF-8')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.text()).toBe('OK')
})
