import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

let server: TestServer
let call: CallAdmin
beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis:
  - { audience: https://api.example.com, scopes: [{ name: read }, { name: write }] }
clients:${administrator('root', permissionNames)}
`,
  })
  call = await callsAs(server, 'root')
})
afterAll(() => server.stop())

const BILLING = {
  name: 'Billing',
  owner: 'payments',
  scopes: ['read'],
  credentials: [{ label: 'first' }],
  grants: [{ api: 'https://api.example.com', scopes: ['write'] }],
}

describe('a client', () => {
  test('is created with its credentials and grants by one PUT, and gets a token', async () => {
    const put = await call('PUT', '/clients/billing', { body: BILLING })
    expect(put).toMatchObject({ status: 201, body: { client_id: 'billing', name: 'Billing', scopes: ['read'] } })
    expect(put.headers.get('location')).toBe('/api/v1/clients/billing')
    const [{ label, secret }] = put.body.secrets
    expect(label).toBe('first')
    const token = await server.token(
      { grant_type: 'client_credentials', scope: 'read write' },
      basic('billing', secret),
    )
    expect(token.status).toBe(200)
    const shown = await call('GET', '/clients/billing')
    expect(shown.headers.get('etag')).toBe(put.headers.get('etag'))
    expect(JSON.stringify(shown.body)).not.toContain(secret)
  })
})
