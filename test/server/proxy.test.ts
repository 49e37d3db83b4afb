import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TrustedProxies } from '../../src/http/proxies.ts'
import { MODEL, SECRET } from '../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

describe('the address of the client', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.1', 'fd00::/8'])
  test.each([
    ['nobody is believed but a proxy', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['a proxy is', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['through two proxies', '10.0.0.1', '198.51.100.1, 192.0.2.1', '198.51.100.1'],
    ['what the client itself wrote is not', '10.0.0.1', '127.0.0.1, 198.51.100.1', '198.51.100.1'],
    ['an IPv6 proxy', 'fd00::1', '2001:db8::1', '2001:db8::1'],
    ['an IPv4 address written as IPv6', '::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['a proxy that says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['a proxy that says nonsense', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['nothing but proxies', '10.0.0.1', '10.0.0.2, 10.0.0.3', '10.0.0.2'],
  ])('%s', (_name, peer, forwardedFor, expected) => {
    expect(proxies.clientAddress(peer, forwardedFor)).toBe(expected)
  })
})

describe('plain HTTP behind a proxy', () => {
  let server: TestServer
  let stranger: TestServer
  beforeAll(async () => {
    server = await startTestServer({
      manifest: MODEL,
      options: { 'runtime.tls': 'off', 'runtime.trusted_proxies': '127.0.0.1' },
    })
    stranger = await startTestServer({
      manifest: MODEL,
      options: { 'runtime.tls': 'off', 'runtime.trusted_proxies': '10.0.0.1' },
    })
  })
  afterAll(async () => {
    await server.stop()
    await stranger.stop()
  })

  function ask(
    { config }: TestServer,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; requestId: string; body: string }> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          ...{ host: '127.0.0.1', port: config.runtime.port, path: '/as/token.oauth2', method: 'POST' },
          headers: { 'content-type': 'application/x-www-form-urlencoded', ...basic('reporter', SECRET), ...headers },
        },
        async (response) => {
          const body = Buffer.concat(await response.toArray()).toString()
          resolve({ status: response.statusCode ?? 0, requestId: String(response.headers['x-request-id']), body })
        },
      )
      sent.on('error', reject)
      sent.end('grant_type=client_credentials&scope=edit')
    })
  }

  test('the proxy is served, and what it reports is recorded', async () => {
    const { status, requestId } = await ask(server, { 'x-forwarded-for': '198.51.100.1' })
    expect(status).toBe(200)
    expect(await server.audit(requestId)).toMatchObject([{ result: 'success', remoteAddress: '198.51.100.1' }])
  })

  test('anybody else is refused, and recorded', async () => {
    const { status, requestId, body } = await ask(stranger, { 'x-forwarded-for': '10.0.0.1' })
    expect({ status, body: JSON.parse(body) }).toMatchObject({
      status: 403,
      body: { error: 'invalid_request', error_description: 'TLS is required' },
    })
    expect(await stranger.audit(requestId)).toMatchObject([
      { type: 'request.refuse', reason: 'not_from_proxy', remoteAddress: '127.0.0.1' },
    ])
  })
})
