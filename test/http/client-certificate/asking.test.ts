import { once } from 'node:events'
import { Agent } from 'node:https'
import { connect as connectPlain, createServer } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { askAs, identity, issueLeaf, thumbprint } from '../../harness/authority.ts'
import { MODEL } from '../../harness/model.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'
import { until } from '../../harness/until.ts'

const own = await issueLeaf({ subject: 'CN=own' })
const tls = await identity(own)

/** Clients and APIs that need certificates for different reasons. */
const NEEDING: readonly (readonly [string, string])[] = [
  [
    'a client that has one',
    `clients: [{ client_id: own, scopes: [edit], credentials: [{ certificate: { thumbprint: ${thumbprint(own)} } }] }]`,
  ],
  [
    'a client whose tokens must be bound to a certificate',
    'clients: [{ client_id: other, scopes: [edit], require: certificate_bound }]',
  ],
  [
    'an API whose tokens must be bound to a certificate',
    'apis: [{ audience: "https://other.example.com", require: certificate_bound }]',
  ],
]

/** Whether the server requested a certificate, which the client then presented. */
async function isAsked(server: TestServer, agent?: Agent): Promise<boolean> {
  const response = await askAs(server, 'nobody', { tls: { ...tls, ...(agent && { agent }) } })
  const [event] = await server.audit(response.headers.get('x-request-id'))
  expect(['no_credentials', 'unknown_client']).toContain(event?.reason)
  return event?.reason === 'unknown_client'
}

describe.each(NEEDING)('largest-inputs: %s', (_name, manifest) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ manifest: MODEL })
  })
  afterAll(() => server.stop())

  test('once a client needs one, the server requests a certificate, also of older sessions', async () => {
    const agent = new Agent({ keepAlive: false })
    expect(await isAsked(server)).toBe(false)
    expect(await isAsked(server, agent)).toBe(false)
    await server.apply(manifest)
    await until(() => isAsked(server))
    expect(await isAsked(server, agent)).toBe(true)
  })
})

describe('largest-inputs: a connection from before certificates were requested', () => {
  const [, manifest = ''] = NEEDING[0] ?? []
  let server: TestServer
  beforeEach(async () => {
    server = await startTestServer({ manifest: MODEL })
  })
  afterEach(() => server.stop())

  test('is closed with its next answer, so that the client reconnects and gets the request', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    try {
      expect(await isAsked(server, agent)).toBe(false)
      await server.apply(manifest)
      await until(() => isAsked(server))
      const last = await askAs(server, 'own', { tls: { ...tls, agent } })
      expect([last.status, last.headers.get('connection')]).toEqual([401, 'close'])
      const next = await askAs(server, 'own', { tls: { ...tls, agent } })
      expect([next.status, next.headers.get('connection')]).toEqual([200, 'keep-alive'])
    } finally {
      agent.destroy()
    }
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('leaves no %s session if its handshake ends later', async (version) => {
    const wire = await slowWireTo(server)
    const sessions: Buffer[] = []
    const options = { ...tls, host: '127.0.0.1', servername: 'localhost', minVersion: version, maxVersion: version }
    try {
      const slow = connect({ ...options, port: wire.port }).on('session', (session) => sessions.push(session))
      await wire.isHeld
      await server.apply(manifest)
      await until(() => isAsked(server))
      wire.release()
      slow.resume().write('GET /pf/heartbeat.ping HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await once(slow, 'close')
      expect(sessions.length).toBeGreaterThan(0)
      for (const session of sessions) {
        const again = connect({ ...options, port: Number(new URL(server.issuer).port), session })
        await once(again, 'secureConnect')
        expect(again.isSessionReused()).toBe(false)
        again.destroy()
      }
    } finally {
      wire.close()
    }
  })
})

/** A proxy to the server that delays the client's second flight, which ends its handshake, until it is released. */
async function slowWireTo({ issuer }: TestServer) {
  const held = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const wire = createServer((client) => {
    const onward = connectPlain({ host: '127.0.0.1', port: Number(new URL(issuer).port) })
    client.once('data', (hello) => {
      onward.write(hello)
      client.once('data', async (flight) => {
        client.pause()
        held.resolve()
        await released.promise
        onward.write(flight)
        client.pipe(onward)
      })
    })
    onward.pipe(client)
    for (const socket of [client, onward]) socket.on('error', () => {})
  })
  wire.listen(0, '127.0.0.1')
  await once(wire, 'listening')
  const address = wire.address()
  if (address === null || typeof address === 'string') throw new Error('the wire has no port')
  return { port: address.port, isHeld: held.promise, release: released.resolve, close: () => wire.close() }
}

test('largest-inputs: a server that starts with such a client requests certificates from the first connection on', async () => {
  const [, manifest = ''] = NEEDING[0] ?? []
  const server = await startTestServer({
    manifest: MODEL.replace('clients:\n', `${manifest.replace('clients: [', 'clients:\n  - ').replace(/\]$/, '')}\n`),
  })
  try {
    let isResumed: boolean | undefined
    const onSocket = (socket: TLSSocket) => {
      isResumed = socket.isSessionReused()
    }
    const agent = new Agent({ keepAlive: false })
    const asked = await askAs(server, 'own', { tls: { ...tls, agent }, onSocket })
    expect([asked.status, isResumed]).toEqual([200, false])
    // A resumed session keeps the certificate.
    const again = await askAs(server, 'own', { tls: { ...tls, agent }, onSocket })
    expect([again.status, isResumed]).toEqual([200, true])
  } finally {
    await server.stop()
  }
})
