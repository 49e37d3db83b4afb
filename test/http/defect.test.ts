import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { afterEach, expect, inject, test } from 'vitest'
import { type Listener, listen } from '../../src/http/listener.ts'
import type { Endpoint } from '../../src/http/message.ts'
import { TrustedProxies } from '../../src/http/proxies.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { StorageUnavailable } from '../../src/platform/storage-unavailable.ts'
import { extension, makeCertificate, oid, p256, toPem } from '../harness/der.ts'
import { described } from '../harness/refused.ts'

let listener: Listener
afterEach(() => listener.drain(0))

async function serve(endpoint: Endpoint, asksCertificate = false) {
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
    asksCertificate: () => asksCertificate,
    onCertificate: () => {},
    onlyProxies: false,
    challenge: 'Basic',
    clock: systemClock,
    random: systemRandom,
    onDefect: (error, requestId) => defects.push([error, requestId]),
    onRefusal: () => {},
  })
  return { response: await fetch(`https://localhost:${listener.port}/x`), defects }
}

test('a defect is answered with only server_error and the id under which its cause is logged', async () => {
  const cause = new Error('secret detail at /some/path')
  const { response, defects } = await serve(() => {
    throw cause
  })
  expect(response.status).toBe(500)
  expect(await response.json()).toEqual({
    error: 'server_error',
    error_description: described('Something went wrong; quote the request id'),
  })
  expect(defects).toEqual([[cause, response.headers.get('x-request-id')]])
})

test('a failing database is 503 with Retry-After, and its cause is logged', async () => {
  const cause = new Error('disk I/O error')
  const { response, defects } = await serve(async () => {
    throw new StorageUnavailable(cause)
  })
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('1')
  expect(await response.text()).not.toContain('disk')
  expect(defects).toEqual([[cause, response.headers.get('x-request-id')]])
})

test('an oversized client certificate is not logged as a defect', async () => {
  const { defects } = await serve(() => ({ status: 200, headers: {}, body: '' }), true)
  const der = makeCertificate({ extensions: [extension(oid('2a0304'), Buffer.alloc(20_000))] })
  const key = p256.privateKey.export({ type: 'pkcs8', format: 'pem' })
  const socket = connect({ port: listener.port, host: '127.0.0.1', servername: 'localhost', cert: toPem(der), key })
  socket.end('GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200/)
  expect(defects).toEqual([])
})
