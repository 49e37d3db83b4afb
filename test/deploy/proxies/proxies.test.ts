import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLogger } from '../../../src/observability/log.ts'
import { type Server, startServer } from '../../../src/server/server.ts'
import { current, identity, issueLeaf, SERVER_AUTH, send, thumbprint } from '../../harness/authority.ts'
import { type Issued, issueAuthority, keyPem, sans } from '../../harness/certificates.ts'
import { installed } from '../../harness/installed.ts'
import { oneApi, SECRET } from '../../harness/model.ts'
import { freePort } from '../../harness/port.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { type Front, nodes, optionsOf, proxyNames, startFront } from './front.ts'

const root = await issueAuthority('CN=Root', undefined, current())
const edge = await issueLeaf({ subject: 'CN=edge', issuer: root })
const nobody = await issueLeaf({ subject: 'CN=nobody', issuer: root })
const stranger = await issueAuthority('CN=Stranger', undefined, current())
const foreign = await issueLeaf({ subject: 'CN=edge', issuer: stranger })

/** The servers' own. The certificate of other tests has a name constraint that Envoy's library does not know. */
const servers = await issueAuthority('CN=Servers', undefined, current())
const own = await issueLeaf({
  subject: 'CN=localhost',
  issuer: servers,
  purpose: SERVER_AUTH,
  extensions: [sans({ type: 'dns', value: 'localhost' })],
})

const MANIFEST = `
${oneApi('edit')}
clients:
  - client_id: edge
    tls_client_certificate_bound_access_tokens: true
    scopes: [edit]
    credentials: [{ certificate: { subject_dn: "CN=edge" } }]
  - { client_id: reporter, scopes: [edit], credentials: [{ secret: ${SECRET} }] }
`

/** The address of the client. The proxy has another one, so that the audit log shows which of them it learned. */
const CLIENT = '127.0.0.2'

/** Headers with which a client could claim to have a certificate, in every format that Tessera reads. */
const forged = (certificate: Issued): Readonly<Record<string, string>> => {
  const escaped = encodeURIComponent(`${certificate.pem}\n`)
  const base64 = certificate.certificate.raw.toString('base64')
  return {
    'client-cert': `:${base64}:`,
    'x-ssl-client-cert': escaped,
    'ssl-client-cert': escaped,
    'x-forwarded-client-cert': `Cert="${escaped}"`,
    'x-ssl-client-der': base64,
    'x-amzn-mtls-clientcert': escaped,
    'x-amzn-mtls-clientcert-leaf': escaped,
    'x-forwarded-tls-client-cert': base64,
  }
}

for (const name of proxyNames) {
  const isMissing = installed(name) === undefined
  describe.skipIf(isMissing)(
    `${name} with the configuration of its page${isMissing ? ' (skipped: it is not installed)' : ''}`,
    () => {
      let server: TestServer
      let second: Server
      let front: Front
      beforeAll(async () => {
        const [runtime, admin] = [await freePort(), await freePort()]
        const common = { 'runtime.port': String(runtime), 'admin.port': String(admin) }
        const folder = mkdtempSync(join(tmpdir(), 'tessera-behind-'))
        const files = { 'tls.cert': own.pem, 'tls.key': await keyPem(own), 'tls.client_ca': root.pem }
        for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text, { mode: 0o600 })
        server = await startTestServer({
          manifest: MANIFEST,
          options: {
            ...optionsOf(name),
            ...common,
            ...Object.fromEntries(Object.keys(files).map((file) => [file, join(folder, file)])),
            issuer: `https://localhost:${runtime}`,
            'runtime.host': nodes['10.0.0.11'],
            'admin.host': nodes['10.0.0.11'],
            'runtime.trusted_proxies': '127.0.0.1',
          },
        })
        rmSync(folder, { recursive: true })
        const { config } = server
        const host = nodes['10.0.0.12']
        second = await startServer(
          {
            ...config,
            runtime: { ...config.runtime, host },
            admin: { ...config.admin, host },
          },
          { log: createLogger('silent') },
        )
        front = await startFront(name, { runtime, admin, servers, clients: root })
      })
      afterAll(async () => {
        await front?.stop()
        const { config } = server
        await server.reload({ ...config, shutdown: { delay: 0, timeout: 0 } })
        await server.stop()
      })

      const ask = async (headers: Readonly<Record<string, string>> = {}, certificate?: Issued) =>
        send(`${front.url}/as/token.oauth2`, {
          form: 'grant_type=client_credentials&client_id=edge',
          headers,
          tls: { localAddress: CLIENT, ...(certificate && (await identity(certificate))) },
        })

      const expectRefused = async (response: Response, expected: object) => {
        expect(response.status).toBe(401)
        const events = await server.audit(response.headers.get('x-request-id'))
        expect(events).toMatchObject([{ result: 'refused', clientId: 'edge', remoteAddress: CLIENT, ...expected }])
      }

      test('a client gets a token that is bound to its certificate, and the audit log has its address', async () => {
        const response = await ask({}, edge)
        expect(response.status).toBe(200)
        const { access_token: token } = (await response.json()) as { access_token: string }
        expect(decodeJwt(token)['cnf']).toEqual({ 'x5t#S256': thumbprint(edge) })
        expect(await server.audit(response.headers.get('x-request-id'))).toMatchObject([
          { result: 'success', clientId: 'edge', remoteAddress: CLIENT },
        ])
      })

      test.each(Object.entries(forged(edge)))('a forged %s is not believed', async (header, value) => {
        await expectRefused(await ask({ [header]: value }), { reason: 'no_credentials' })
        await expectRefused(await ask({ [header]: value }, nobody), {
          reason: 'certificate_mismatch',
          detail: { received: { subject: 'CN=nobody' } },
        })
      })

      test.each([
        ['x-forwarded-for', '203.0.113.9'],
        ['forwarded', 'for=203.0.113.9'],
      ])('a forged %s is not believed', async (header, value) => {
        const response = await ask({ [header]: value }, edge)
        expect(await server.audit(response.headers.get('x-request-id'))).toMatchObject([{ remoteAddress: CLIENT }])
      })

      test('a certificate of an unknown authority gets the answer of Tessera', async () => {
        await expectRefused(await ask({}, foreign), { reason: 'certificate_untrusted' })
      })

      test('a server is stopped, and no request fails', async () => {
        const statuses: number[] = []
        const stopped = second.stop().then(() => 'stopped')
        for (let over = ''; over === ''; ) {
          const response = await send(`${front.url}/as/token.oauth2`, {
            form: 'grant_type=client_credentials',
            headers: basic('reporter', SECRET),
          })
          statuses.push(response.status)
          over = await Promise.race([stopped, Promise.resolve('')])
        }
        expect(statuses.length).toBeGreaterThan(20)
        expect(statuses.filter((status) => status !== 200)).toEqual([])
      })
    },
  )
}
