import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endpointPaths } from '../../../src/oauth/endpoints.ts'
import { MODEL, SECRET } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL })
})
afterAll(() => server.stop())

const OPEN = [...endpointPaths.keys, endpointPaths.metadata[0], endpointPaths.openid_configuration[0]]
const CLOSED = [
  endpointPaths.token[0],
  endpointPaths.introspection[0],
  endpointPaths.revocation[0],
  endpointPaths.authorization[0],
  endpointPaths.heartbeat[0],
]
const ORIGINS = ['https://app.example.com', 'null']

const crossOrigin = (headers: Headers) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')))

/** The request that a browser sends before a cross-origin request. */
const preflight = (url: string, origin: string, method = 'GET') =>
  fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'if-none-match,mcp-protocol-version',
    },
  })

test('every endpoint is open or closed to pages', () => {
  expect([...OPEN, ...CLOSED].toSorted()).toEqual(Object.values(endpointPaths).flat().toSorted())
})

describe.each(OPEN)('pages may read %s', (path) => {
  const url = () => server.issuer + path
  const READABLE = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'ETag' }

  test.each(ORIGINS)('from the origin %s', async (origin) => {
    for (const method of ['GET', 'HEAD']) {
      const response = await fetch(url(), { method, headers: { origin } })
      expect(response.status).toBe(200)
      expect(crossOrigin(response.headers)).toEqual(READABLE)
    }
    const before = await preflight(url(), origin)
    expect({ status: before.status, body: await before.text() }).toEqual({ status: 204, body: '' })
    expect(before.headers.get('content-length')).toBeNull()
    expect(crossOrigin(before.headers)).toEqual({
      ...READABLE,
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': '*',
      'access-control-max-age': '86400',
    })
  })

  test('also with a conditional request', async () => {
    const etag = (await fetch(url())).headers.get('etag')
    if (etag === null) return
    const response = await fetch(url(), { headers: { origin: 'null', 'if-none-match': etag }, cache: 'no-store' })
    expect(response.status).toBe(304)
    expect(crossOrigin(response.headers)).toEqual(READABLE)
  })
})

describe('foreign-origin: pages get nothing else', () => {
  test.each(CLOSED)('at %s', async (path) => {
    for (const origin of [...ORIGINS, server.issuer]) {
      for (const response of [
        await preflight(server.issuer + path, origin, 'POST'),
        await fetch(server.issuer + path, { headers: { origin } }),
        await fetch(server.issuer + path, {
          method: 'POST',
          headers: { origin },
          body: new URLSearchParams({ token: 'x' }),
        }),
      ]) {
        expect(crossOrigin(response.headers)).toEqual({})
      }
    }
  })

  test('a token, with the right secret', async () => {
    const response = await server.token(
      { grant_type: 'client_credentials', scope: 'edit' },
      { ...basic('reporter', SECRET), origin: 'null' },
    )
    expect(response.status).toBe(200)
    expect(crossOrigin(response.headers)).toEqual({})
  })

  test.each(['/healthz', '/readyz', '/metrics', '/', '/api/v1/clients'])(
    'at %s of the admin listener',
    async (path) => {
      for (const response of [
        await preflight(server.admin + path, 'null'),
        await fetch(server.admin + path, { headers: { origin: 'null' } }),
      ]) {
        expect(crossOrigin(response.headers)).toEqual({})
      }
    },
  )
})
