import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/platform/clock.ts'
import {
  askAs,
  current,
  expectUnauthenticated,
  identity,
  issueLeaf,
  SERVER_AUTH,
  send,
  thumbprint,
  tokenUrl,
} from '../../harness/authority.ts'
import { ca, DAY, type Issued, issue, issueAuthority, rsaKeys, sans } from '../../harness/certificates.ts'
import { newSecret, oneApi } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

const SECRET = newSecret()
const DN = 'CN=edge,O=Example'
const NAMES = sans(
  { type: 'dns', value: 'edge.example.com' },
  { type: 'url', value: 'spiffe://example.com/edge' },
  { type: 'ip', value: '2001:db8::7' },
  { type: 'email', value: 'edge@example.com' },
)

const root = await issueAuthority('CN=Root', undefined, current())
const intermediate = await issueAuthority('CN=Intermediate', root, current())
const stranger = await issueAuthority('CN=Stranger', undefined, current())
const edge = await issueLeaf({ subject: DN, issuer: root, extensions: [NAMES] })
const below = await issueLeaf({ subject: DN, issuer: intermediate, extensions: [NAMES] })
const rsa = await issueLeaf({ subject: DN, issuer: root, keys: await rsaKeys(2048) })
const nobody = await issueLeaf({
  subject: 'CN=nobody,O=Example',
  issuer: root,
  extensions: [sans({ type: 'dns', value: 'nobody.example.com' })],
})
const foreign = await issueLeaf({ subject: DN, issuer: stranger, extensions: [NAMES] })
const forged = await issueLeaf({ subject: DN, issuer: stranger, issuerName: 'CN=Root', extensions: [NAMES] })
const expired = await issueLeaf({
  subject: DN,
  issuer: root,
  notBefore: Date.now() - 2 * DAY,
  notAfter: Date.now() - DAY,
})
const early = await issueLeaf({
  subject: DN,
  issuer: root,
  notBefore: Date.now() + DAY,
  notAfter: Date.now() + 2 * DAY,
})
const forServers = await issueLeaf({ subject: DN, issuer: root, purpose: SERVER_AUTH })
/** A self-signed client certificate as recommended: it may sign for TLS, and issue nothing. */
const own = await issueLeaf({ subject: DN, extensions: [NAMES] })
/** A certificate from `openssl req -x509`, which is also a CA. */
const ownAuthority = await issue({ subject: DN, extensions: [ca()], ...current() })
const ownExpired = await issueLeaf({ subject: DN, notBefore: Date.now() - 2 * DAY, notAfter: Date.now() - DAY })
/** A certificate with the subject of its own issuer. */
const namedAsIssuer = await issueLeaf({ subject: 'CN=Root', issuer: root })
const brief = await issueLeaf({ subject: 'CN=brief', issuer: intermediate, notAfter: Date.now() + DAY / 2 })

const BOUND = 'tls_client_certificate_bound_access_tokens: true'
const client = (id: string, certificate: string, more = '') =>
  `  - { client_id: ${id}, scopes: [edit], ${BOUND}, credentials: [{ certificate: { ${certificate} } }]${more} }\n`

const MANIFEST = `
${oneApi('edit')}
clients:
${client('by-dn', `subject_dn: "${DN}"`)}${client('by-dns', 'san_dns: EDGE.example.com')}${client('by-uri', 'san_uri: "spiffe://example.com/edge"')}${client(
  'by-ip',
  'san_ip: "2001:0db8:0:0::7"',
)}${client('by-email', 'san_email: edge@EXAMPLE.com')}${client('issued', `thumbprint: ${thumbprint(foreign)}`)}${client(
  'own',
  `thumbprint: ${thumbprint(own)}`,
)}${client('own-authority', `thumbprint: ${thumbprint(ownAuthority)}`)}${client(
  'own-only',
  `thumbprint: ${thumbprint(own)}`,
  ', auth_methods: [self_signed_tls_client_auth]',
)}${client('issued-only', `thumbprint: ${thumbprint(namedAsIssuer)}`, ', auth_methods: [tls_client_auth]')}${client(
  'own-expired',
  `thumbprint: ${thumbprint(ownExpired)}`,
)}${client('brief', 'subject_dn: "CN=brief"')}${client('disabled', `subject_dn: "${DN}"`, ', enabled: false')}
  - client_id: narrow
    scopes: [edit]
    ${BOUND}
    auth_methods: [self_signed_tls_client_auth]
    credentials: [{ certificate: { subject_dn: "${DN}" } }]
  - client_id: ended
    scopes: [edit]
    ${BOUND}
    credentials: [{ certificate: { subject_dn: "${DN}" }, expires: 2020-01-01T00:00:00Z }]
  - client_id: renewed
    scopes: [edit]
    ${BOUND}
    credentials:
      - { label: old, certificate: { subject_dn: "${DN}" }, expires: 2020-01-01T00:00:00Z }
      - { label: new, certificate: { san_dns: edge.example.com } }
  - client_id: moving
    scopes: [edit]
    ${BOUND}
    credentials:
      - { label: by name, certificate: { subject_dn: "${DN}" } }
      - { label: by thumbprint, certificate: { thumbprint: ${thumbprint(own)} } }
  - { client_id: secretive, scopes: [edit], credentials: [{ secret: ${SECRET} }] }
  - client_id: both
    scopes: [edit]
    ${BOUND}
    credentials:
      - { label: secret, secret: ${SECRET} }
      - { label: certificate, certificate: { subject_dn: "${DN}" } }
`

const folder = mkdtempSync(join(tmpdir(), 'tessera-test-ca-'))
let server: TestServer
let unanchored: TestServer
let ahead = 0
beforeAll(async () => {
  const file = join(folder, 'clients.pem')
  writeFileSync(file, `An authority of ours\n${root.pem}\n`)
  server = await startTestServer({
    manifest: MANIFEST,
    options: { 'tls.client_ca': file },
    clock: { ...systemClock, now: () => systemClock.now() + ahead },
  })
  unanchored = await startTestServer({ manifest: MANIFEST })
})
afterAll(async () => {
  await server.stop()
  await unanchored.stop()
  rmSync(folder, { recursive: true })
})

const tls = async (...chain: readonly [Issued, ...Issued[]]) => ({ tls: await identity(...chain) })

describe.concurrent('accepted certificates', () => {
  const cases: [string, string, readonly [Issued, ...Issued[]], 'tls_client_auth' | 'self_signed_tls_client_auth'][] = [
    ['subject_dn', 'by-dn', [edge], 'tls_client_auth'],
    ['subject_dn, RSA', 'by-dn', [rsa], 'tls_client_auth'],
    ['san_dns in another case', 'by-dns', [edge], 'tls_client_auth'],
    ['san_uri', 'by-uri', [edge], 'tls_client_auth'],
    ['san_ip in another notation', 'by-ip', [edge], 'tls_client_auth'],
    ['san_email with its domain in another case', 'by-email', [edge], 'tls_client_auth'],
    ['an intermediate in the presented chain', 'by-dn', [below, intermediate], 'tls_client_auth'],
    [
      'forged-certificate-header: too many certificates, presented in the wrong order',
      'by-dn',
      [below, stranger, root, intermediate],
      'tls_client_auth',
    ],
    ['a thumbprint, issued by an untrusted authority', 'issued', [foreign], 'tls_client_auth'],
    ['a thumbprint, with the subject of its issuer', 'issued-only', [namedAsIssuer], 'tls_client_auth'],
    ['a thumbprint, self-signed, for TLS alone', 'own', [own], 'self_signed_tls_client_auth'],
    ['a thumbprint, self-signed, for an authority', 'own-authority', [ownAuthority], 'self_signed_tls_client_auth'],
    ['a client whose only method is this one', 'own-only', [own], 'self_signed_tls_client_auth'],
    ['the new one of two credentials', 'renewed', [edge], 'tls_client_auth'],
    ['a name and a thumbprint of one client: the name', 'moving', [edge], 'tls_client_auth'],
    ['a name and a thumbprint of one client: the thumbprint', 'moving', [own], 'self_signed_tls_client_auth'],
  ]
  test.each(cases)('%s', async (_name, clientId, chain, method) => {
    const response = await askAs(server, clientId, await tls(...chain))
    expect(response.status).toBe(200)
    const body = (await response.json()) as { access_token: string }
    expect(body).toMatchObject({ token_type: 'Bearer', scope: 'edit' })
    const cnf = { 'x5t#S256': thumbprint(chain[0]) }
    expect(decodeJwt(body.access_token)).toMatchObject({ sub: clientId, cnf })
    expect(await server.audit(response.headers.get('x-request-id'))).toMatchObject([
      { result: 'success', clientId, detail: { method, cnf } },
    ])
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s', async (version) => {
    const response = await askAs(server, 'by-dn', { tls: { ...(await identity(below, intermediate)), version } })
    expect(response.status).toBe(200)
  })

  test('a thumbprint, without any configured authority', async () => {
    expect((await askAs(unanchored, 'own', await tls(own))).status).toBe(200)
    expect((await askAs(unanchored, 'issued', await tls(foreign))).status).toBe(200)
  })
})

describe.concurrent('refused certificates: the same 401 as for a wrong secret', () => {
  const CA = 'tls_client_auth'
  const SELF = 'self_signed_tls_client_auth'
  const cases: [string, string, readonly [Issued, ...Issued[]], string, object][] = [
    [
      'another name',
      'by-dn',
      [nobody],
      'certificate_mismatch',
      {
        method: CA,
        expected: [{ subject_dn: DN }],
        received: { subject: 'CN=nobody,O=Example', thumbprint: thumbprint(nobody) },
      },
    ],
    [
      'another DNS name',
      'by-dns',
      [nobody],
      'certificate_mismatch',
      { method: CA, received: { sans: ['dns:nobody.example.com'] } },
    ],
    [
      'the right subject, if a DNS name is registered',
      'by-dns',
      [rsa],
      'certificate_mismatch',
      { received: { sans: [] } },
    ],
    [
      'another certificate of the same name, by thumbprint',
      'issued',
      [edge],
      'certificate_mismatch',
      { expected: [{ thumbprint: thumbprint(foreign) }] },
    ],
    [
      'another authority',
      'by-dn',
      [foreign],
      'certificate_untrusted',
      { method: CA, problem: 'no_path', issuer: 'CN=Stranger', subject: DN },
    ],
    [
      'another authority, presented along',
      'by-dn',
      [foreign, stranger],
      'certificate_untrusted',
      { problem: 'no_path' },
    ],
    [
      'another authority under the name of ours',
      'by-dn',
      [forged, root],
      'certificate_untrusted',
      { problem: 'no_path', issuer: 'CN=Root' },
    ],
    [
      'an intermediate missing from the presented chain',
      'brief',
      [brief],
      'certificate_untrusted',
      { problem: 'no_path', issuer: 'CN=Intermediate' },
    ],
    [
      'expired',
      'by-dn',
      [expired],
      'certificate_expired',
      { problem: 'expired', not_after: expect.any(String), now: expect.any(String) },
    ],
    [
      'not yet valid',
      'by-dn',
      [early],
      'certificate_not_yet_valid',
      { problem: 'not_yet_valid', not_before: expect.any(String) },
    ],
    [
      'for servers',
      'by-dn',
      [forServers],
      'certificate_untrusted',
      { problem: 'extended_key_usage', received: [SERVER_AUTH] },
    ],
    [
      'self-signed with the right name, for TLS alone',
      'by-dn',
      [own],
      'certificate_untrusted',
      { method: SELF, problem: 'self_signed', registered: { subject_dn: DN } },
    ],
    [
      'self-signed with the right name, for an authority',
      'by-dn',
      [ownAuthority],
      'certificate_untrusted',
      { method: SELF, problem: 'self_signed' },
    ],
    [
      'self-signed with the registered thumbprint, expired',
      'own-expired',
      [ownExpired],
      'certificate_expired',
      { method: SELF, problem: 'expired' },
    ],
    [
      'self-signed, another',
      'own',
      [ownAuthority],
      'certificate_mismatch',
      { method: SELF, expected: [{ thumbprint: thumbprint(own) }] },
    ],
    [
      'one issued by an authority, if a self-signed one is registered',
      'own-only',
      [edge],
      'certificate_mismatch',
      { method: CA },
    ],
    ['a client with a secret only', 'secretive', [edge], 'no_such_credential', { method: CA }],
    ['an unknown client', 'unknown', [edge], 'unknown_client', { method: CA }],
    ['a client named like a member of every object', '__proto__', [edge], 'unknown_client', { method: CA }],
    [
      'a method missing from auth_methods',
      'narrow',
      [edge],
      'method_not_allowed_here',
      { method: CA, allowed: [SELF] },
    ],
    ['a disabled client', 'disabled', [edge], 'client_disabled', { method: CA }],
    [
      'a credential that has ended',
      'ended',
      [edge],
      'expired_credential',
      { method: CA, expired: '2020-01-01T00:00:00.000Z' },
    ],
  ]
  test.each(cases)('%s', async (_name, clientId, chain, reason, detail) => {
    const response = await askAs(server, clientId, await tls(...chain))
    await expectUnauthenticated(server, response, { reason, clientId, detail })
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('no certificate, over %s', async (version) => {
    const response = await askAs(server, 'by-dn', { tls: { version } })
    await expectUnauthenticated(server, response, { reason: 'no_credentials', clientId: 'by-dn' })
  })

  test('a name, without any configured authority', async () => {
    await expectUnauthenticated(unanchored, await askAs(unanchored, 'by-dn', await tls(edge)), {
      reason: 'certificate_untrusted',
      clientId: 'by-dn',
      detail: { problem: 'tls.client_ca is not configured' },
    })
  })

  test('a certificate without a client_id', async () => {
    const response = await send(tokenUrl(server), { form: 'grant_type=client_credentials', ...(await tls(edge)) })
    await expectUnauthenticated(server, response, { reason: 'no_credentials' })
  })

  test('a certificate does not make up for a wrong secret', async () => {
    const headers = basic('both', newSecret())
    const response = await askAs(server, 'both', { headers, ...(await tls(edge)) })
    await expectUnauthenticated(server, response, { reason: 'wrong_secret', clientId: 'both' })
  })
})

describe('over a resumed session', () => {
  /** Opens a connection for each request, and resumes the previous session. */
  async function resuming(version: 'TLSv1.2' | 'TLSv1.3', ...chain: readonly [Issued, ...Issued[]]) {
    const agent = new Agent({
      ...(await identity(...chain)),
      minVersion: version,
      maxVersion: version,
      keepAlive: false,
    })
    const reused: boolean[] = []
    const sent = { tls: { agent }, onSocket: (socket: TLSSocket) => reused.push(socket.isSessionReused()) }
    return { reused, sent }
  }

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
    test('a chain from a token request', async () => {
      const issuer = await issueAuthority(`CN=First ${version}`, root, current())
      const leaf = await issueLeaf({ subject: DN, issuer })
      const { reused, sent } = await resuming(version, leaf, issuer)
      const statuses = [await askAs(server, 'by-dn', sent), await askAs(server, 'by-dn', sent)].map(
        ({ status }) => status,
      )
      expect({ reused, statuses }).toEqual({ reused: [false, true], statuses: [200, 200] })
    })

    test('a chain from another request, such as metadata', async () => {
      const issuer = await issueAuthority(`CN=Second ${version}`, root, current())
      const leaf = await issueLeaf({ subject: DN, issuer })
      const { reused, sent } = await resuming(version, leaf, issuer)
      await send(`${server.issuer}/.well-known/oauth-authorization-server`, { ...sent, method: 'GET' })
      const response = await askAs(server, 'by-dn', sent)
      expect({ reused, status: response.status }).toEqual({ reused: [false, true], status: 200 })
      const { access_token: token } = (await response.json()) as { access_token: string }
      expect(decodeJwt(token)).toMatchObject({ cnf: { 'x5t#S256': thumbprint(leaf) } })
    })

    test('a chain of an untrusted authority stays refused', async () => {
      const issuer = await issueAuthority(`CN=Third ${version}`, stranger, current())
      const leaf = await issueLeaf({ subject: DN, issuer })
      const { reused, sent } = await resuming(version, leaf, issuer, stranger)
      for (const _ of [1, 2]) {
        const response = await askAs(server, 'by-dn', sent)
        await expectUnauthenticated(server, response, {
          reason: 'certificate_untrusted',
          detail: { problem: 'no_path' },
        })
      }
      expect(reused).toEqual([false, true])
    })

    test('a certificate that has expired in between', async () => {
      const { reused, sent } = await resuming(version, brief, intermediate)
      expect((await askAs(server, 'brief', sent)).status).toBe(200)
      ahead = 0.75 * DAY
      const response = await askAs(server, 'brief', sent)
      ahead = 0
      await expectUnauthenticated(server, response, { reason: 'certificate_expired', clientId: 'brief' })
      expect(reused).toEqual([false, true])
    })
  })

  test('one connection: a certificate that expires between two requests', async () => {
    const agent = new Agent({ ...(await identity(brief, intermediate)), keepAlive: true, maxSockets: 1 })
    const sockets = new Set<TLSSocket>()
    const sent = { tls: { agent }, onSocket: (socket: TLSSocket) => sockets.add(socket) }
    expect((await askAs(server, 'brief', sent)).status).toBe(200)
    ahead = 0.75 * DAY
    const response = await askAs(server, 'brief', sent)
    ahead = 0
    await expectUnauthenticated(server, response, { reason: 'certificate_expired', clientId: 'brief' })
    expect(sockets.size).toBe(1)
    agent.destroy()
  })
})
