import { Agent } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MODEL } from '../harness/model.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { askAs, identity, issueLeaf, thumbprint } from './authority.ts'

const own = await issueLeaf({ subject: 'CN=own' })
const tls = await identity(own)

/** Clients and APIs that need certificates, each in another way. */
const NEEDING: readonly (readonly [string, string])[] = [
  [
    'a client that has one',
    `clients: [{ client_id: own, scopes: [edit], credentials: [{ certificate: { thumbprint: ${thumbprint(own)} } }] }]`,
  ],
  [
    'a client whose tokens must be bound to one',
    'clients: [{ client_id: other, scopes: [edit], require: certificate_bound }]',
  ],
  [
    'an API whose tokens must be bound to one',
    'apis: [{ audience: "https://other.example.com", require: certificate_bound }]',
  ],
]

/** Whether the server asked for a certificate, which the client then presented. */
async function isAsked(server: TestServer, agent?: Agent): Promise<boolean> {
  const response = await askAs(server, 'nobody', { tls: { ...tls, ...(agent && { agent }) } })
  const [event] = await server.audit(response.headers.get('x-request-id'))
  expect(['no_credentials', 'unknown_client']).toContain(event?.reason)
  return event?.reason === 'unknown_client'
}

describe.each(NEEDING)('62: %s', (_name, manifest) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ manifest: MODEL })
  })
  afterAll(() => server.stop())

  test('a certificate is asked for once there is that, also of a session that began before', async () => {
    const agent = new Agent({ keepAlive: false })
    expect(await isAsked(server)).toBe(false)
    expect(await isAsked(server, agent)).toBe(false)
    await server.apply(manifest)
    await until(() => isAsked(server))
    expect(await isAsked(server, agent)).toBe(true)
  })
})

test('62: a server that starts with a client that has a certificate asks from the first connection on', async () => {
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
    // A session that is resumed remembers the certificate.
    const again = await askAs(server, 'own', { tls: { ...tls, agent }, onSocket })
    expect([again.status, isResumed]).toEqual([200, true])
  } finally {
    await server.stop()
  }
})
