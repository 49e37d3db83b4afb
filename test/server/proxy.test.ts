import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TrustedProxies } from '../../src/http/proxies.ts'
import { MODEL, SECRET } from '../harness/model.ts'
import { described } from '../harness/refused.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

describe('the address of the client', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.1', 'fd00::/8'])
  test.each([
    ['not a proxy: its headers are ignored', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['a proxy: its headers count', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['through two proxies', '10.0.0.1', '198.51.100.1, 192.0.2.1', '198.51.100.1'],
    ['an entry that the client itself wrote is ignored', '10.0.0.1', '127.0.0.1, 198.51.100.1', '198.51.100.1'],
    ['an IPv6 proxy', 'fd00::1', '2001:db8::1', '2001:db8::1'],
    ['an IPv4 address written as IPv6', '::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['a proxy without the header', '10.0.0.1', undefined, '10.0.0.1'],
    ['a proxy with a malformed header', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['only proxies', '10.0.0.1', '10.0.0.2, 10.0.0.3', '10.0.0.2'],
  ])('%s', (_name, peer, forwardedFor, expected) => {
    expect(proxies.clientAddress(peer, forwardedFor)).toBe(expected)
  })
})

describe('notations of the client’s address', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8', '2001:db8:1::/48', 'fe80::/10'])
  const written: [string, string | undefined][] = [
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:51234', '203.0.113.7'],
    ['"203.0.113.7:51234"', '203.0.113.7'],
    ['2001:db8::5', '2001:db8::5'],
    ['[2001:db8::5]', '2001:db8::5'],
    ['[2001:db8::5]:443', '2001:db8::5'],
    ['"[2001:db8::5]:443"', '2001:db8::5'],
    ['"[2001:DB8:0::5]"', '2001:db8::5'],
    ['[2001:db8::5]:_port', '2001:db8::5'],
    ['::ffff:203.0.113.8', '203.0.113.8'],
    ['[::ffff:203.0.113.8]:80', '203.0.113.8'],
    ['::FFFF:cb00:7108', '203.0.113.8'],
    ['fd00::1%eth0', 'fd00::1'],
    ['[fd00::1%25eth0]:80', 'fd00::1'],
    ['unknown', undefined],
    ['_hidden', undefined],
    ['_SEVKISEK', undefined],
    ['', undefined],
    ['203.0.113.7:', undefined],
    ['203.0.113.7:123456', undefined],
    ['[203.0.113.7', undefined],
    ['[2001:db8::5]x', undefined],
    ['host.example.com', undefined],
    ['203.0.113.7 10.0.0.9', undefined],
    ['\u0000', undefined],
  ]

  test.each(written)('X-Forwarded-For: %s', (value, expected) => {
    expect(proxies.clientAddress('10.0.0.1', value)).toBe(expected ?? '10.0.0.1')
    expect(proxies.clientAddress('10.0.0.1', `198.51.100.1, ${value}`)).toBe(expected ?? '10.0.0.1')
    expect(proxies.clientAddress('10.0.0.1', `${value},10.0.0.2:80`)).toBe(expected ?? '10.0.0.2')
  })

  test.each(written.filter(([value]) => !/[ \0]/.test(value)))('Forwarded: for=%s', (value, expected) => {
    const quoted = value.startsWith('"') ? value : `"${value}"`
    for (const element of [`for=${quoted}`, `For=${quoted};proto=https`, `proto=http; FOR=${quoted} ;by=10.0.0.1`]) {
      expect(proxies.clientAddress('10.0.0.1', undefined, element)).toBe(expected ?? '10.0.0.1')
      expect(proxies.clientAddress('10.0.0.1', undefined, `for=198.51.100.1 , ${element}`)).toBe(expected ?? '10.0.0.1')
      expect(proxies.clientAddress('10.0.0.1', undefined, `${element},for=10.0.0.2`)).toBe(expected ?? '10.0.0.2')
    }
  })

  test.each([
    ['for=203.0.113.7', '203.0.113.7'],
    ['for=203.0.113.7;proto=https;by=203.0.113.43', '203.0.113.7'],
    ['for="203.0.113.7"; ext="a,b;c=\\"d"', '203.0.113.7'],
    ['for="\\203.0.113.7"', '203.0.113.7'],
    ['proto=https', '10.0.0.1'],
    ['for=203.0.113.7,proto=https', '10.0.0.1'],
    ['for=', '10.0.0.1'],
    ['for', '10.0.0.1'],
    ['for=203.0.113.7, "', '10.0.0.1'],
    ['for="198.51.100.1, for=203.0.113.7', '203.0.113.7'],
    ['for="198.51.100.1\\", for=203.0.113.7', '203.0.113.7'],
    ['", for=203.0.113.7;ext="a\\\\"', '203.0.113.7'],
    [`${'for=10.0.0.9,'.repeat(1000)}for=10.0.0.2`, '10.0.0.9'],
    ['for="203.0.113.7', '10.0.0.1'],
    ['for=203.0.113.7 for=198.51.100.1', '10.0.0.1'],
    ['for=[2001:db8::5]', '2001:db8::5'],
    ['', '10.0.0.1'],
    [';,;', '10.0.0.1'],
  ])('Forwarded: %s', (value, expected) => {
    expect(proxies.clientAddress('10.0.0.1', undefined, value)).toBe(expected)
  })

  test('only a configured proxy is trusted', () => {
    expect(proxies.clientAddress('203.0.113.9', '198.51.100.1:80', 'for=198.51.100.2')).toBe('203.0.113.9')
  })

  test.each([
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:DB8::9', '2001:db8::9'],
    ['fe80::9%eth0', '198.51.100.1'],
    ['::ffff:10.0.0.1', '198.51.100.1'],
  ])('the address of a peer has one text, too: %s', (peer, expected) => {
    expect(proxies.clientAddress(peer, '198.51.100.1')).toBe(expected)
  })

  test.each([
    ['either', '198.51.100.1', '198.51.100.2'],
    ['x-forwarded-for', '198.51.100.1', '10.0.0.1'],
    ['forwarded', '198.51.100.2', '198.51.100.2'],
  ] as const)('the header that the proxies write: %s', (header, both, alone) => {
    const named = new TrustedProxies(['10.0.0.0/8'], header)
    expect(named.clientAddress('10.0.0.1', '198.51.100.1', 'for=198.51.100.2')).toBe(both)
    expect(named.clientAddress('10.0.0.1', undefined, 'for=198.51.100.2')).toBe(alone)
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

  test('the proxy is served, and its reported address is recorded', async () => {
    const { status, requestId } = await ask(server, { 'x-forwarded-for': '198.51.100.1' })
    expect(status).toBe(200)
    expect(await server.audit(requestId)).toMatchObject([{ result: 'success', remoteAddress: '198.51.100.1' }])
  })

  test.each<[Record<string, string>, string]>([
    [{ 'x-forwarded-for': '203.0.113.7:51234' }, '203.0.113.7'],
    [{ 'x-forwarded-for': '[2001:db8::5]:443' }, '2001:db8::5'],
    [{ forwarded: 'for="[2001:db8::5]:443";proto=https' }, '2001:db8::5'],
    [{ forwarded: 'for=198.51.100.2', 'x-forwarded-for': '::ffff:203.0.113.8' }, '203.0.113.8'],
  ])('%j is recorded as %s', async (headers, remoteAddress) => {
    const { requestId } = await ask(server, headers)
    expect(await server.audit(requestId)).toMatchObject([{ remoteAddress }])
  })

  test('other peers are refused, and recorded', async () => {
    const { status, requestId, body } = await ask(stranger, { 'x-forwarded-for': '10.0.0.1' })
    expect({ status, body: JSON.parse(body) }).toMatchObject({
      status: 403,
      body: {
        error: 'invalid_request',
        error_description: described(`TLS is required; the token endpoint is ${stranger.issuer}/as/token.oauth2`),
      },
    })
    expect(await stranger.audit(requestId)).toMatchObject([
      { type: 'request.refuse', reason: 'not_from_proxy', remoteAddress: '127.0.0.1' },
    ])
  })
})
