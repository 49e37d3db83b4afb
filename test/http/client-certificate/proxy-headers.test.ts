import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { loadOptions } from '../../../src/config/load.ts'
import { type Config, resolveConfig } from '../../../src/config/resolve.ts'
import { type CertificateHeaderFormat, certificateHeaderFormats } from '../../../src/http/client-certificate/headers.ts'
import { ClientCertificates } from '../../../src/http/client-certificates.ts'
import { current, expectUnauthenticated, identity, issueLeaf, send, thumbprint } from '../../harness/authority.ts'
import { DAY, extension, type Issued, issueAuthority } from '../../harness/certificates.ts'
import { oneApi, SECRET } from '../../harness/model.ts'
import { type SecondServer, startBeside } from '../../harness/second-server.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

const DN = 'CN=edge,O=Example'
const root = await issueAuthority('CN=Root', undefined, current())
const intermediate = await issueAuthority('CN=Intermediate', root, current())
const stranger = await issueAuthority('CN=Stranger', undefined, current())
const edge = await issueLeaf({ subject: DN, issuer: root })
const below = await issueLeaf({ subject: DN, issuer: intermediate })
const foreign = await issueLeaf({ subject: DN, issuer: stranger })
const nobody = await issueLeaf({ subject: 'CN=nobody', issuer: root })
const proxy = await issueLeaf({ subject: 'CN=proxy', issuer: root })
const own = await issueLeaf({ subject: 'CN=own' })
const expired = await issueLeaf({
  subject: DN,
  issuer: root,
  notBefore: Date.now() - 2 * DAY,
  notAfter: Date.now() - DAY,
})
/** Twice in a header, it exceeds Node's default limit. */
const large = await issueLeaf({
  subject: DN,
  issuer: root,
  extensions: [extension('1.2.3', false, '00'.repeat(5_500))],
})
const huge = await issueLeaf({
  subject: DN,
  issuer: root,
  extensions: [extension('1.2.3', false, '00'.repeat(15_000))],
})

const credentials = `credentials: [{ secret: ${SECRET} }]`
const BOUND = 'tls_client_certificate_bound_access_tokens: true'
const MANIFEST = `
${oneApi('edit')}
clients:
  - { client_id: edge, ${BOUND}, scopes: [edit], credentials: [{ certificate: { subject_dn: "${DN}" } }] }
  - { client_id: own, ${BOUND}, scopes: [edit], credentials: [{ certificate: { thumbprint: ${thumbprint(own)} } }] }
  - { client_id: proxy, scopes: [edit], credentials: [{ certificate: { subject_dn: "CN=proxy" } }] }
  - { client_id: secretive, scopes: [edit], ${credentials} }
  - { client_id: holder, require: certificate_bound, scopes: [edit], ${credentials} }
`

type Headers = Record<string, string | string[]>

const base64 = ({ certificate }: Issued) => certificate.raw.toString('base64')
const sequence = (issued: Issued) => `:${base64(issued)}:`
const escaped = (...all: readonly Issued[]) => encodeURIComponent(all.map(({ pem }) => `${pem}\n`).join(''))
const hash = ({ certificate }: Issued) => createHash('sha256').update(certificate.raw).digest('hex')

/** PEM escaped with `+=/` as safe characters. */
const escapedByAws = (...all: readonly Issued[]) =>
  escaped(...all).replaceAll(/%2B|%3D|%2F/g, (octet) => decodeURIComponent(octet))

/** The headers of each proxy for a client's certificate and chain. */
const headersOf = {
  'client-cert': (leaf, ...chain) => ({
    'client-cert': sequence(leaf),
    ...(chain.length > 0 && { 'client-cert-chain': chain.map(sequence).join(', ') }),
  }),
  nginx: (leaf) => ({ 'x-ssl-client-cert': escaped(leaf) }),
  'ingress-nginx': (leaf) => ({ 'ssl-client-cert': escaped(leaf) }),
  envoy: (leaf, ...chain) => ({
    'x-forwarded-client-cert': `By=spiffe://example.com/envoy;Hash=${hash(leaf)};Cert="${escaped(leaf)}";Chain="${escaped(leaf, ...chain)}";Subject="${DN}";URI=`,
  }),
  haproxy: (leaf) => ({ 'x-ssl-client-der': base64(leaf) }),
  'aws-alb': (leaf, ...chain) => ({ 'x-amzn-mtls-clientcert': escapedByAws(leaf, ...chain) }),
  'aws-alb-verify': (leaf) => ({ 'x-amzn-mtls-clientcert-leaf': escapedByAws(leaf) }),
  traefik: (leaf, ...chain) => ({ 'x-forwarded-tls-client-cert': [leaf, ...chain].map(base64).join(',') }),
} as const satisfies Record<CertificateHeaderFormat, (leaf: Issued, ...chain: readonly Issued[]) => Headers>

const formats = Object.keys(headersOf) as CertificateHeaderFormat[]
const LOOPBACK = ['127.0.0.1', '::1']

let server: TestServer
/** Servers that trust this test's address as a proxy, by the header that they expect. */
const behind: Partial<Record<CertificateHeaderFormat | 'off', SecondServer>> = {}
let elsewhere: SecondServer
let inClear: SecondServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MANIFEST })
  const start = (runtime: Partial<Config['runtime']>) => startBeside(server, { clientAuthorities: root.pem, runtime })
  for (const format of [...formats, 'off'] as const) {
    behind[format] = await start({ trusted_proxies: LOOPBACK, certificate_header: format })
  }
  elsewhere = await start({ trusted_proxies: ['192.0.2.1'], certificate_header: 'nginx' })
  inClear = await start({ trusted_proxies: LOOPBACK, certificate_header: 'envoy', tls: 'off' })
})
afterAll(async () => {
  for (const each of [...Object.values(behind), elsewhere, inClear]) await each.stop()
  await server.stop()
})

const urlOf = (format: keyof typeof behind): string => behind[format]?.url ?? ''

interface Asked {
  readonly headers?: Headers
  /** The certificate of the connection itself. */
  readonly with?: Issued
  /** Authenticates with its secret. */
  readonly isSecretive?: boolean
}

async function ask(url: string, clientId: string, { headers = {}, with: connecting, isSecretive }: Asked = {}) {
  const form = { grant_type: 'client_credentials', ...(isSecretive ? {} : { client_id: clientId }) }
  return send(`${url}/as/token.oauth2`, {
    form: new URLSearchParams(form).toString(),
    headers: { ...(isSecretive && basic(clientId, SECRET)), ...headers },
    ...(connecting && { tls: await identity(connecting) }),
  })
}

async function expectToken(response: Response, clientId: string, bound: Issued | undefined): Promise<void> {
  expect(response.status).toBe(200)
  const { access_token: token } = (await response.json()) as { access_token: string }
  const claims = decodeJwt(token)
  expect(claims.sub).toBe(clientId)
  expect(claims['cnf']).toEqual(bound && { 'x5t#S256': thumbprint(bound) })
}

describe.concurrent.each(formats)('%s', (format) => {
  const headers: Headers = headersOf[format](edge)
  const [name = '', value = ''] = Object.entries(headers)[0] ?? []

  test('the certificate in the proxy’s header is the client’s', async () => {
    const response = await ask(urlOf(format), 'edge', { headers: { ...headers, 'x-forwarded-for': '198.51.100.1' } })
    await expectToken(response, 'edge', edge)
    expect(await server.audit(response.headers.get('x-request-id'))).toMatchObject([
      {
        result: 'success',
        remoteAddress: '198.51.100.1',
        detail: { method: 'tls_client_auth', cnf: { 'x5t#S256': thumbprint(edge) } },
      },
    ])
  })

  test('also if the proxy presents one of its own', async () => {
    await expectToken(await ask(urlOf(format), 'edge', { headers, with: proxy }), 'edge', edge)
  })

  test('a self-signed one', async () => {
    await expectToken(await ask(urlOf(format), 'own', { headers: headersOf[format](own) }), 'own', own)
  })

  test('with a secret, the token is bound to the certificate', async () => {
    const response = await ask(urlOf(format), 'holder', { headers, isSecretive: true, with: proxy })
    await expectToken(response, 'holder', edge)
  })

  const refused: [string, string, string, Headers, object][] = [
    ['another name', 'edge', 'certificate_mismatch', headersOf[format](nobody), { received: { subject: 'CN=nobody' } }],
    ['another authority', 'edge', 'certificate_untrusted', headersOf[format](foreign), { problem: 'no_path' }],
    ['expired', 'edge', 'certificate_expired', headersOf[format](expired), { problem: 'expired' }],
    ['malformed', 'edge', 'certificate_malformed', { [name]: `x,${value}` }, { problem: expect.any(String) }],
    ['cut short', 'edge', 'certificate_malformed', { [name]: value.slice(0, 300) }, { problem: expect.any(String) }],
    ['the header twice', 'edge', 'certificate_malformed', { [name]: [String(value), String(value)] }, { header: name }],
    ['no header', 'edge', 'no_credentials', {}, {}],
    ['an empty header', 'edge', 'no_credentials', { [name]: '' }, {}],
    [
      'the headers of all other proxies',
      'edge',
      'no_credentials',
      Object.assign({}, ...formats.filter((other) => other !== format).map((other) => headersOf[other](edge))),
      {},
    ],
  ]
  test.each(refused)('%s: 401', async (_name, clientId, reason, sent, detail) => {
    const response = await ask(urlOf(format), clientId, { headers: sent })
    await expectUnauthenticated(server, response, { reason, clientId, detail })
  })

  test('malformed, with a right secret: 401', async () => {
    const response = await ask(urlOf(format), 'secretive', { headers: { [name]: `x,${value}` }, isSecretive: true })
    await expectUnauthenticated(server, response, { reason: 'certificate_malformed', clientId: 'secretive' })
  })

  test('without the header, the proxy’s own certificate isn’t taken for the client’s', async () => {
    const response = await ask(urlOf(format), 'proxy', { with: proxy })
    await expectUnauthenticated(server, response, { reason: 'no_credentials', clientId: 'proxy' })
    await expectToken(await ask(urlOf(format), 'secretive', { with: proxy, isSecretive: true }), 'secretive', undefined)
  })
})

describe('forged-certificate-header: a chain in the header', () => {
  const FORMATS = ['client-cert', 'envoy', 'aws-alb', 'traefik'] as const
  test.each(FORMATS)('%s: with the intermediate', async (format) => {
    await expectToken(
      await ask(urlOf(format), 'edge', { headers: headersOf[format](below, intermediate) }),
      'edge',
      below,
    )
  })

  test.each(FORMATS)('%s: with too many certificates in any order, including the leaf', async (format) => {
    const headers = headersOf[format](below, stranger, nobody, below, root, intermediate)
    await expectToken(await ask(urlOf(format), 'edge', { headers }), 'edge', below)
  })

  test.each(FORMATS)('%s: a certificate only in the chain does not authenticate', async (format) => {
    const response = await ask(urlOf(format), 'edge', { headers: headersOf[format](nobody, edge) })
    await expectUnauthenticated(server, response, { reason: 'certificate_mismatch', clientId: 'edge' })
  })

  test.each(FORMATS)('%s: the leaf with five others', async (format) => {
    const headers = headersOf[format](edge, root, intermediate, stranger, foreign, nobody, proxy)
    const response = await ask(urlOf(format), 'edge', { headers })
    await expectUnauthenticated(server, response, {
      reason: 'certificate_malformed',
      clientId: 'edge',
      detail: { received: 6 },
    })
  })
})

describe('forged-certificate-header: an address that is not a configured proxy', () => {
  const headers = headersOf.nginx(edge)

  test.each([undefined, '127.0.0.1', '192.0.2.1'])('isn’t trusted, also with X-Forwarded-For %s', async (address) => {
    const response = await ask(elsewhere.url, 'edge', {
      headers: { ...headers, ...(address && { 'x-forwarded-for': address }) },
    })
    await expectUnauthenticated(server, response, { reason: 'no_credentials', clientId: 'edge' })
  })

  test('has its connection’s certificate, whatever the header says', async () => {
    const response = await ask(elsewhere.url, 'edge', { headers, with: nobody })
    await expectUnauthenticated(server, response, {
      reason: 'certificate_mismatch',
      clientId: 'edge',
      detail: { received: { subject: 'CN=nobody' } },
    })
    await expectToken(await ask(elsewhere.url, 'edge', { headers: headersOf.nginx(nobody), with: edge }), 'edge', edge)
  })

  test('may send a malformed header', async () => {
    const sent = { headers: { 'x-ssl-client-cert': 'x' }, isSecretive: true }
    await expectToken(await ask(elsewhere.url, 'secretive', sent), 'secretive', undefined)
  })
})

test('a certificate is read once for a request of a client, and not for a document', async () => {
  const read = vi.spyOn(ClientCertificates.prototype, 'of')
  const headers = headersOf['client-cert'](edge)
  for (const path of ['/pf/JWKS', '/pf/heartbeat.ping'])
    expect((await send(`${urlOf('client-cert')}${path}`, { method: 'GET', headers })).status).toBe(200)
  expect(read).not.toHaveBeenCalled()
  await expectToken(await ask(urlOf('client-cert'), 'edge', { headers }), 'edge', edge)
  expect(read).toHaveBeenCalledOnce()
  read.mockRestore()
})

test('a proxy without a configured header passes on no certificate', async () => {
  for (const format of formats) {
    const response = await ask(urlOf('off'), 'edge', { headers: headersOf[format](edge), with: proxy })
    await expectUnauthenticated(server, response, { reason: 'no_credentials', clientId: 'edge' })
  }
})

describe('plain HTTP behind a proxy', () => {
  test('authenticates the client by the passed certificate', async () => {
    await expectToken(await ask(inClear.url, 'edge', { headers: headersOf.envoy(below, intermediate) }), 'edge', below)
    await expectToken(
      await ask(inClear.url, 'holder', { headers: headersOf.envoy(edge), isSecretive: true }),
      'holder',
      edge,
    )
  })

  test.each([
    ['none', {}, 'no_credentials'],
    ['malformed', { 'x-forwarded-client-cert': 'x' }, 'certificate_malformed'],
    ['of another authority', headersOf.envoy(foreign), 'certificate_untrusted'],
  ])('%s: 401', async (_name, headers, reason) => {
    await expectUnauthenticated(server, await ask(inClear.url, 'edge', { headers }), { reason, clientId: 'edge' })
  })
})

describe('the size of the headers', () => {
  test('the largest leaf twice, with its chain', async () => {
    const headers = headersOf.envoy(large, intermediate, root)
    expect(headers['x-forwarded-client-cert'].length).toBeGreaterThan(16_384)
    await expectToken(await ask(urlOf('envoy'), 'edge', { headers }), 'edge', large)
  })

  test.each(['envoy', 'off'] as const)('over the limit: 431, and the next request is answered (%s)', async (format) => {
    const headers =
      format === 'envoy' ? headersOf.envoy(huge, intermediate) : headersOf.envoy(large, large, root, stranger)
    const response = await ask(urlOf(format), 'edge', { headers })
    expect(response.status).toBe(431)
    expect(await response.json()).toMatchObject({ error: 'invalid_request' })
    await expectToken(await ask(urlOf(format), 'secretive', { isSecretive: true }), 'secretive', undefined)
  })
})

test('the page on authentication documents each format', () => {
  const page = readFileSync('docs/integrating/authentication.md', 'utf8')
  expect(certificateHeaderFormats.filter((format) => !page.includes(`| \`${format}\` |`))).toEqual([])
  expect(certificateHeaderFormats.toSorted()).toEqual(formats.toSorted())
})

describe('configuration', () => {
  const tls = inject('tls')
  const load = (options: Record<string, string>) =>
    resolveConfig(
      loadOptions({
        env: {},
        flags: {
          issuer: 'https://auth.example.com',
          storage: 'sqlite:/x',
          master_key: Buffer.alloc(32).toString('base64'),
          'tls.cert': tls.cert,
          'tls.key': tls.key,
          ...options,
        },
      }),
    )

  test.each(formats)('a header without proxies is refused: %s', (format) => {
    expect(() => load({ 'runtime.certificate_header': format })).toThrow(
      `runtime.certificate_header is "${format}": name the proxies that send it in runtime.trusted_proxies, for example 10.0.0.5`,
    )
  })

  test('an unknown header is refused', () => {
    const options = { 'runtime.certificate_header': 'x-client-cert', 'runtime.trusted_proxies': '10.0.0.1' }
    expect(() => load(options)).toThrow(/runtime-certificate-header is "x-client-cert": .*envoy/)
  })

  test('invalid authorities are refused, also at start', async () => {
    expect(() => load({ 'tls.client_ca': '/nothing.pem' })).toThrow(/^tls.client_ca is "\/nothing.pem": can't be read/)
    expect(() => load({ 'tls.client_ca': tls.key })).toThrow(
      /^tls.client_ca is ".*": has a private key, but no certificate in PEM/,
    )
    await expect(startBeside(server, { clientAuthorities: `${root.pem}\n${edge.pem}` })).rejects.toThrow(
      /^tls.client_ca: trust anchor 2 \(CN=edge,O=Example\) is not an authority/,
    )
  })
})
