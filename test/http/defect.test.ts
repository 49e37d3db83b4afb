import { readFileSync } from 'node:fs'
import { afterEach, expect, inject, test } from 'vitest'
import { type Listener, listen } from '../../src/http/listener.ts'
import type { Endpoint } from '../../src/http/message.ts'
import { TrustedProxies } from '../../src/http/proxies.ts'
import { OAuthError } from '../../src/oauth/error.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'

let listener: Listener
afterEach(() => listener.drain(0))

async function serve(endpoint: Endpoint) {
  const defects: [unknown, string][] = []
  const tls = inject('tls')
  listener = await listen({
    routes: { '/x': { GET: endpoint } },
    host: 'localhost',
    port: 0,
    tls: { cert: readFileSync(tls.cert, 'utf8'), key: readFileSync(tls.key, 'utf8') },
    proxies: new TrustedProxies([]),
    certificateHeader: undefined,
    timeouts: { handshake: 10_000, headers: 10_000, request: 15_000, keepAlive: 65_000 },
    mostIdle: 10,
    asksCertificate: false,
    onlyProxies: false,
    challenge: 'Basic',
    clock: systemClock,
    random: systemRandom,
    onDefect: (error, requestId) => defects.push([error, requestId]),
    onRefusal: () => {},
  })
  return { response: await fetch(`https://localhost:${listener.port}/x`), defects }
}

test('a defect tells the wire nothing but server_error and the id under which its cause is logged', async () => {
  const cause = new Error('secret detail at /some/path')
  const { response, defects } = await serve(() => {
    throw cause
  })
  expect(response.status).toBe(500)
  expect(await response.json()).toEqual({
    error: 'server_error',
    error_description: 'Something went wrong; quote the request id',
  })
  expect(defects).toEqual([[cause, response.headers.get('x-request-id')]])
})

test('a database that fails is 503 with Retry-After, and its cause is logged', async () => {
  const cause = new Error('disk I/O error')
  const { response, defects } = await serve(async () => {
    throw new OAuthError('storage_unavailable', { cause })
  })
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('1')
  expect(await response.text()).not.toContain('disk')
  expect(defects).toEqual([[cause, response.headers.get('x-request-id')]])
})
