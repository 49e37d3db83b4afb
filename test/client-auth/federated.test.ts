import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventOf, expectInvalid, expectUnauthenticated, formOf, post } from '../harness/assertions.ts'
import { standingClock } from '../harness/clock.ts'
import { AUDIENCE, gitHub, kubernetes, NOW, spiffe } from '../harness/condition-shapes.ts'
import { oneApi } from '../harness/model.ts'
import { openRows, type Rows } from '../harness/rows.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { makeCertificate, type Source, sendJson, startSource } from '../harness/source.ts'
import { makeSigner, type Signer, signWith, unsigned } from '../harness/tokens.ts'
import { unheld } from '../harness/unheld.ts'
import { until } from '../harness/until.ts'

const METHOD = 'federated_jwt'
const MINUTE = 60_000

/** A clock at the time of the claims. */
const clock = standingClock(NOW)
const [ofGitHub, ofCluster, ofOther, ofDomain, own, unpublished] = await Promise.all([
  makeSigner('RS256', { kid: 'github', use: 'sig', alg: 'RS256' }),
  makeSigner('RS256', { kid: 'cluster', use: 'sig' }),
  makeSigner('ES256', { kid: 'other' }),
  makeSigner('ES256', { kid: 'svid', use: 'jwt-svid' }),
  makeSigner('ES256'),
  makeSigner('RS256', { kid: 'github' }),
])
const publicJwks = (...signers: readonly Signer[]) => ({ keys: signers.map(({ publicJwk }) => publicJwk) })

let source: Source
let server: TestServer
let folder: string
/** The published document of each path. */
const documents = new Map<string, unknown>()

/** An issuer with its own name, at a path of the source. */
const issuerAt = (path: string): string => `https://issuer.example.com:${source.port}${path}`

/** Publishes metadata and keys. */
function publish(path: string, keys: object, at = `${path}/.well-known/openid-configuration`): void {
  documents.set(at, { issuer: issuerAt(path), jwks_uri: issuerAt(`${path}/keys`) })
  documents.set(`${path}/keys`, keys)
}

const trust = (issuer: string, more: string) => `federated: { issuer: "${issuer}", audience: ${AUDIENCE}, ${more} }`
const SUBJECT = `subject: "${gitHub.sub}"`
const BILLING = `subject: "${kubernetes.sub}"`
const PRODUCTION = `when: 'claims.environment == "production" && claims.ref_protected == "true"'`

const manifest = () => `
${oneApi('read')}
clients:
  - client_id: workflow
    scopes: [read]
    introspects: all
    credentials:
      - { label: last year, expires: 2020-01-01T00:00:00Z, ${trust(issuerAt('/github'), `${SUBJECT}, ${PRODUCTION}`)} }
      - { label: deploy, ${trust(issuerAt('/github'), `${SUBJECT}, ${PRODUCTION}`)} }
  - { client_id: former, enabled: false, credentials: [{ ${trust(issuerAt('/github'), SUBJECT)} }] }
  - client_id: broken
    credentials: [{ ${trust(issuerAt('/github'), `${SUBJECT}, jwks_uri: "${issuerAt('/nothing')}"`)} }]
  - client_id: billing
    scopes: [read]
    credentials:
      - ${trust(issuerAt('/cluster'), `${BILLING}, when: 'claims["kubernetes.io"].namespace == "payments"'`)}
  - { client_id: elsewhere, scopes: [read], credentials: [{ ${trust(issuerAt('/other'), 'subject: somebody')} }] }
  - { client_id: twin-a, scopes: [read], credentials: [{ ${trust(issuerAt('/twins'), BILLING)} }] }
  - { client_id: twin-b, scopes: [read], credentials: [{ ${trust(issuerAt('/twins'), BILLING)} }] }
  - { client_id: fresh, scopes: [read], credentials: [{ ${trust(issuerAt('/fresh'), `${BILLING}, max_age: 60`)} }] }
  - client_id: pinned
    scopes: [read]
    credentials: [{ ${trust(issuerAt('/pinned'), `${BILLING}, algorithms: [ES256]`)} }]
  - client_id: explicit
    scopes: [read]
    credentials: [{ ${trust(issuerAt('/no-metadata'), `${BILLING}, jwks_uri: "${issuerAt('/explicit.json')}"`)} }]
  - client_id: svid
    scopes: [read]
    credentials:
      - ${trust('spiffe://prod.example', `subject: "${spiffe.sub}", jwks_uri: "${issuerAt('/bundle.json')}"`)}
  - { client_id: down, scopes: [read], credentials: [{ ${trust(issuerAt('/down'), BILLING)} }] }
  - { client_id: misnamed, scopes: [read], credentials: [{ ${trust(issuerAt('/misnamed'), BILLING)} }] }
  - client_id: inward
    scopes: [read]
    credentials: [{ ${trust(`https://inward.example.com:${source.port}`, BILLING)} }]
  - { client_id: rotating, scopes: [read], credentials: [{ ${trust(issuerAt('/rotating'), BILLING)} }] }
  - { client_id: keyed, scopes: [read], credentials: [{ jwks: ${JSON.stringify(publicJwks(own))} }] }
`

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-federated-'))
  const certificate = await makeCertificate('issuer.example.com', 'inward.example.com')
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, certificate.cert)
  source = await startSource(certificate, ({ url = '' }, response) => {
    const document = documents.get(url)
    if (document === undefined) response.writeHead(404).end()
    else sendJson(response, document)
  })
  publish('/github', publicJwks(ofGitHub))
  publish('/cluster', publicJwks(ofCluster))
  publish('/other', publicJwks(ofOther), '/.well-known/oauth-authorization-server/other')
  for (const path of ['/twins', '/fresh', '/pinned', '/rotating']) publish(path, publicJwks(ofCluster))
  documents.set('/explicit.json', publicJwks(ofCluster))
  const authority = { ...own.publicJwk, use: 'x509-svid', x5c: ['MIIB'] }
  documents.set('/bundle.json', { keys: [authority, ofDomain.publicJwk], spiffe_sequence: 1, spiffe_refresh_hint: 300 })
  publish('/misnamed', publicJwks(ofCluster))
  documents.set('/misnamed/.well-known/openid-configuration', {
    issuer: issuerAt('/other'),
    jwks_uri: issuerAt('/misnamed/keys'),
  })
  server = await startTestServer({
    manifest: manifest(),
    clock,
    holds: unheld,
    options: { 'outbound.allow': '127.0.0.1', 'outbound.ca': ca },
    lookup: async (host) => [{ address: host === 'issuer.example.com' ? '127.0.0.1' : '127.0.0.2', family: 4 }],
  })
})
afterAll(async () => {
  await server.stop()
  await source.stop()
  rmSync(folder, { recursive: true })
})

const tokenOf = (by: Signer, claims: object, header: object = {}): Promise<string> =>
  signWith(by, claims, { typ: 'JWT', kid: by.publicJwk.kid, ...header })

/** A token of GitHub Actions, with `changes` applied. */
const workflowToken = (changes: object = {}, by: Signer = ofGitHub) =>
  tokenOf(by, { ...gitHub, iss: issuerAt('/github'), ...changes })

/** A token of a Kubernetes service account, from any issuer. */
const accountToken = (path: string, changes: object = {}, by: Signer = ofCluster) =>
  tokenOf(by, { ...kubernetes, iss: issuerAt(path), ...changes })

async function expectFederated(response: Response, clientId: string): Promise<string> {
  const answer = (await response.json()) as { access_token?: string }
  expect({ status: response.status, ...answer }).toMatchObject({ status: 200, token_type: 'Bearer', scope: 'read' })
  expect(await eventOf(server, response)).toMatchObject({
    result: 'success',
    clientId,
    detail: { method: METHOD, subject: clientId },
  })
  return answer.access_token ?? ''
}

describe('accepted tokens', () => {
  const svid = { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe' }
  const cases: [string, string, Record<string, string>, () => Promise<string>][] = [
    ['GitHub Actions, with the client_id', 'workflow', { client_id: 'workflow' }, () => workflowToken()],
    // The same issuer and subject also have expired credentials, and one whose keys can't be fetched.
    ['GitHub Actions, from the token alone', 'workflow', {}, () => workflowToken()],
    [
      'a Kubernetes service account, with the client_id',
      'billing',
      { client_id: 'billing' },
      () => accountToken('/cluster'),
    ],
    ['a Kubernetes service account, from the token alone', 'billing', {}, () => accountToken('/cluster')],
    [
      'an issuer with metadata by RFC 8414',
      'elsewhere',
      {},
      () => accountToken('/other', { sub: 'somebody' }, ofOther),
    ],
    ['an issuer whose keys are at a registered URL', 'explicit', {}, () => accountToken('/no-metadata')],
    [
      'one of two equal credentials, if client_id names its client',
      'twin-b',
      { client_id: 'twin-b' },
      () => accountToken('/twins'),
    ],
    ['a token that is young enough', 'fresh', {}, () => accountToken('/fresh', { iat: NOW - 60 })],
    ['a token without iat', 'billing', {}, () => accountToken('/cluster', { iat: undefined })],
    ['clock-skew: nbf 8 s ahead', 'billing', {}, () => accountToken('/cluster', { nbf: NOW + 8 })],
    ['a JWT-SVID with its own type', 'svid', svid, () => tokenOf(ofDomain, spiffe)],
    ['a JWT-SVID, as JWT bearer', 'svid', { client_id: 'svid' }, () => tokenOf(ofDomain, spiffe)],
    ['a JWT-SVID with an iss', 'svid', {}, () => tokenOf(ofDomain, { ...spiffe, iss: 'https://oidc.prod.example' })],
  ]
  test.concurrent.each(cases)('%s', async (_name, clientId, form, make) => {
    await expectFederated(await server.token(formOf(await make(), form)), clientId)
  })

  test('the same token repeatedly, until it expires', async () => {
    const token = await accountToken('/cluster', { jti: 'once' })
    await expectFederated(await server.token(formOf(token)), 'billing')
    await expectFederated(await server.token(formOf(token, { client_id: 'billing' })), 'billing')
  })

  test('at introspection and revocation', async () => {
    const form = async (token: string) => formOf(await workflowToken(), { token })
    const token = await expectFederated(await server.token(formOf(await workflowToken())), 'workflow')
    const introspected = await post(`${server.issuer}/as/introspect.oauth2`, await form(token))
    expect(await introspected.json()).toMatchObject({ active: true, client_id: 'workflow' })
    const revoked = await post(`${server.issuer}/as/revoke_token.oauth2`, await form(token))
    expect(await eventOf(server, revoked)).toMatchObject({
      type: 'token.revoke',
      result: 'success',
      clientId: 'workflow',
      detail: { method: METHOD },
    })
    const again = await post(`${server.issuer}/as/introspect.oauth2`, await form(token))
    expect(await again.json()).toEqual({ active: false })
  })

  test('an issuer rotates its keys without an outage', async () => {
    await expectFederated(await server.token(formOf(await accountToken('/rotating'))), 'rotating')
    publish('/rotating', publicJwks(ofOther))
    clock.advance(31_000)
    await expectFederated(await server.token(formOf(await accountToken('/rotating', {}, ofOther))), 'rotating')
    const response = await server.token(formOf(await accountToken('/rotating')))
    await expectUnauthenticated(server, response, { reason: 'federated_signature', clientId: 'rotating' })
    clock.step(-31_000)
  })
})

describe('refused tokens: the same 401 as for a wrong secret', () => {
  /** The detail of a refusal with one checked credential, and its failed checks. */
  const failing = (...failed: object[]) => ({ credentials: [expect.objectContaining({ failed })] })
  const check = (name: string, expected: unknown, received: unknown, more: object = {}) =>
    expect.objectContaining({ check: name, passed: false, expected, received, ...more })

  interface Case {
    readonly token: () => string | Promise<string>
    readonly reason: string
    readonly detail: () => object
    /** The client that the event names. */
    readonly clientId?: string
    readonly form?: Record<string, string>
  }
  const cases: Record<string, Case> = {
    'foreign-federated-token: another audience': {
      token: () => accountToken('/cluster', { aud: 'https://kubernetes.default.svc' }),
      reason: 'federated_no_match',
      clientId: 'billing',
      detail: () => failing(check('audience', AUDIENCE, 'https://kubernetes.default.svc')),
    },
    'foreign-federated-token: our own issuer as the audience, if another is registered': {
      token: () => accountToken('/cluster', { aud: server.issuer }),
      reason: 'federated_no_match',
      detail: () => failing(check('audience', AUDIENCE, server.issuer)),
    },
    'another subject': {
      token: () => accountToken('/cluster', { sub: 'system:serviceaccount:payments:default' }),
      reason: 'federated_no_match',
      detail: () => failing(check('subject', kubernetes.sub, 'system:serviceaccount:payments:default')),
    },
    'foreign-federated-token: another issuer with the same sub, with a client_id': {
      token: () => accountToken('/other', {}, ofOther),
      form: { client_id: 'billing' },
      reason: 'federated_issuer_unknown',
      clientId: 'billing',
      detail: () => ({ issuers: [issuerAt('/other')], expected: [issuerAt('/cluster')] }),
    },
    'foreign-federated-token: another issuer with the same sub': {
      token: () => accountToken('/other', {}, ofOther),
      reason: 'federated_no_match',
      clientId: 'elsewhere',
      detail: () => failing(check('subject', 'somebody', kubernetes.sub)),
    },
    'a foreign issuer with the right issuer’s name': {
      token: () => accountToken('/cluster', {}, ofOther),
      reason: 'federated_signature',
      clientId: 'billing',
      detail: () => ({ alg: 'ES256', kid: 'other' }),
    },
    'an untrusted issuer': {
      token: () => accountToken('/unheard-of'),
      reason: 'federated_issuer_unknown',
      detail: () => ({ issuers: [issuerAt('/unheard-of')], expected: [] }),
    },
    'the issuer with a slash': {
      token: () => accountToken('/cluster/'),
      reason: 'federated_issuer_unknown',
      detail: () => ({ issuers: [issuerAt('/cluster/')] }),
    },
    'no issuer': {
      token: () => accountToken('/cluster', { iss: undefined }),
      reason: 'federated_issuer_unknown',
      detail: () => ({ issuers: [] }),
    },
    'foreign-federated-token: expired': {
      token: () => accountToken('/cluster', { exp: NOW - 60 }),
      reason: 'federated_expired',
      clientId: 'billing',
      detail: () =>
        failing(
          check('expiry', expect.any(String), '2026-09-21T14:12:20.000Z', {
            note: expect.stringMatching(/^over by 60 s/),
          }),
        ),
    },
    'no exp': {
      token: () => accountToken('/cluster', { exp: undefined }),
      reason: 'federated_expired',
      detail: () => failing(check('expiry', expect.any(String), 'absent')),
    },
    'not valid yet': {
      token: () => accountToken('/cluster', { nbf: NOW + 61 }),
      reason: 'federated_no_match',
      detail: () =>
        failing(check('not_before', expect.any(String), expect.any(String), { note: expect.stringMatching(/61 s/) })),
    },
    'older than max_age': {
      token: () => accountToken('/fresh', { iat: NOW - 300 }),
      reason: 'federated_expired',
      clientId: 'fresh',
      detail: () => failing(check('max_age', expect.any(String), expect.any(String))),
    },
    'a false condition': {
      token: () => workflowToken({ environment: 'staging' }),
      form: { client_id: 'workflow' },
      reason: 'federated_no_match',
      clientId: 'workflow',
      detail: () => ({
        credentials: [
          {
            label: 'deploy',
            failed: [
              check('when', expect.any(String), expect.stringContaining('"staging"'), {
                note: 'not true: claims.environment == "production"',
              }),
            ],
          },
          { label: 'last year' },
        ],
      }),
    },
    'a condition on a nested claim': {
      token: () => accountToken('/cluster', { 'kubernetes.io': { namespace: 'default' } }),
      reason: 'federated_no_match',
      clientId: 'billing',
      detail: () =>
        failing(
          check('when', 'claims["kubernetes.io"].namespace == "payments"', expect.stringContaining('"default"'), {
            note: 'not true: claims["kubernetes.io"].namespace == "payments"',
          }),
        ),
    },
    'a condition on a missing claim': {
      token: () => accountToken('/cluster', { 'kubernetes.io': undefined }),
      reason: 'federated_no_match',
      detail: () => failing(check('when', expect.any(String), expect.any(String))),
    },
    'two clients with matching credentials': {
      token: () => accountToken('/twins'),
      reason: 'federated_ambiguous',
      detail: () => ({ clients: ['twin-a', 'twin-b'] }),
    },
    'a key that the issuer doesn’t publish': {
      token: () => accountToken('/cluster', {}, unpublished),
      reason: 'federated_signature',
      clientId: 'billing',
      detail: () => ({ alg: 'RS256', kid: 'github' }),
    },
    'the kid of the right key, signed with another': {
      token: () => tokenOf(unpublished, { ...kubernetes, iss: issuerAt('/cluster') }, { kid: 'cluster' }),
      reason: 'federated_signature',
      detail: () => ({ alg: 'RS256', kid: 'cluster' }),
    },
    'hostile-kid: a long kid, which the event cuts': {
      token: () => tokenOf(unpublished, { ...kubernetes, iss: issuerAt('/cluster') }, { kid: 'k'.repeat(1_000) }),
      reason: 'federated_signature',
      detail: () => ({ alg: 'RS256', kid: 'k'.repeat(256) }),
    },
    'no kid, signed with another key': {
      token: () => tokenOf(unpublished, { ...kubernetes, iss: issuerAt('/cluster') }, { kid: undefined }),
      reason: 'federated_signature',
      detail: () => ({ alg: 'RS256' }),
    },
    'key-in-header: the key in the header': {
      token: () =>
        tokenOf(
          unpublished,
          { ...kubernetes, iss: issuerAt('/cluster') },
          { jwk: unpublished.publicJwk, jku: issuerAt('/jku') },
        ),
      reason: 'federated_signature',
      detail: () => ({ alg: 'RS256' }),
    },
    'a forbidden algorithm': {
      token: () => accountToken('/pinned'),
      reason: 'federated_signature',
      clientId: 'pinned',
      detail: () => ({ alg: 'RS256' }),
    },
    'algorithm-confusion: a MAC under the public key': {
      token: () => {
        const input = unsigned({ alg: 'HS256' }, { ...kubernetes, iss: issuerAt('/cluster') }, '').slice(0, -1)
        return `${input}.${createHmac('sha256', JSON.stringify(ofCluster.publicJwk)).update(input).digest('base64url')}`
      },
      reason: 'assertion_subject',
      detail: () => ({ method: 'client_secret_jwt', iss: issuerAt('/cluster'), sub: kubernetes.sub }),
    },
    'unsigned-jwt: alg none': {
      token: () => unsigned({ alg: 'none' }, { ...kubernetes, iss: issuerAt('/cluster') }, ''),
      reason: 'assertion_malformed',
      detail: () => ({ fault: 'algorithm_none' }),
    },
    'a JWT-SVID of another trust domain': {
      token: () => tokenOf(ofDomain, { ...spiffe, sub: 'spiffe://test.example/ns/payments/sa/billing' }),
      form: { client_id: 'svid' },
      reason: 'federated_issuer_unknown',
      clientId: 'svid',
      detail: () => ({ issuers: ['spiffe://test.example'], expected: ['spiffe://prod.example'] }),
    },
    'a JWT-SVID of another workload': {
      token: () => tokenOf(ofDomain, { ...spiffe, sub: 'spiffe://prod.example/ns/payments/sa/other' }),
      reason: 'federated_no_match',
      clientId: 'svid',
      detail: () => failing(check('subject', spiffe.sub, 'spiffe://prod.example/ns/payments/sa/other')),
    },
    'an unknown client': {
      token: () => accountToken('/cluster'),
      form: { client_id: 'nobody' },
      reason: 'unknown_client',
      clientId: 'nobody',
      detail: () => ({}),
    },
    'a disabled client': {
      token: () => workflowToken(),
      form: { client_id: 'former' },
      reason: 'client_disabled',
      clientId: 'former',
      detail: () => ({}),
    },
    'client-id-mismatch: the client_id of another client': {
      token: () => accountToken('/cluster'),
      form: { client_id: 'twin-a' },
      reason: 'federated_issuer_unknown',
      clientId: 'twin-a',
      detail: () => ({ issuers: [issuerAt('/cluster')], expected: [issuerAt('/twins')] }),
    },
    'a client with its own keys': {
      token: () => accountToken('/cluster'),
      form: { client_id: 'keyed' },
      reason: 'assertion_subject',
      clientId: 'keyed',
      detail: () => ({ iss: issuerAt('/cluster'), sub: kubernetes.sub }),
    },
    'an issuer that is down': {
      token: () => accountToken('/down'),
      reason: 'keys_unavailable',
      clientId: 'down',
      detail: () => ({ source: issuerAt('/down'), fault: 'status', message: expect.stringContaining('404') }),
    },
    'an issuer with another’s metadata': {
      token: () => accountToken('/misnamed'),
      reason: 'keys_unavailable',
      clientId: 'misnamed',
      detail: () => ({ source: issuerAt('/misnamed'), fault: 'issuer_mismatch' }),
    },
    'inward-fetch: an issuer with a name for loopback': {
      token: () => accountToken('', { iss: `https://inward.example.com:${source.port}` }),
      reason: 'keys_unavailable',
      clientId: 'inward',
      detail: () => ({ fault: 'address_refused', message: expect.stringContaining('127.0.0.2 (loopback, RFC 1122)') }),
    },
    'keys that are down': {
      token: () => workflowToken(),
      form: { client_id: 'broken' },
      reason: 'keys_unavailable',
      clientId: 'broken',
      detail: () => ({ source: issuerAt('/nothing') }),
    },
  }
  test.concurrent.each(Object.entries(cases))('%s', async (_name, { token, reason, detail, form, clientId }) => {
    const response = await server.token(formOf(await token(), form))
    await expectUnauthenticated(server, response, { reason, clientId, detail: detail() })
  })

  test('key-in-header, inward-fetch: nothing was fetched from a header’s URL or from an internal address', () => {
    expect(source.paths).not.toContain('/jku')
    expect(source.paths).not.toContain('/.well-known/openid-configuration')
  })

  test.each(['introspect', 'revoke_token'])('at %s', async (name) => {
    const form = formOf(await accountToken('/cluster', { exp: NOW - 3_600 }), { token: 'x' })
    const response = await post(`${server.issuer}/as/${name}.oauth2`, form)
    await expectUnauthenticated(server, response, { reason: 'federated_expired', clientId: 'billing' })
  })

  test('two-authentications: a secret in the form: 400', async () => {
    const response = await server.token(formOf(await accountToken('/cluster')), basic('billing', 'x'))
    await expectInvalid(server, response, { reason: 'several_methods' })
  })

  test('an accepted token after its expiry', async () => {
    const token = await accountToken('/cluster')
    await expectFederated(await server.token(formOf(token)), 'billing')
    clock.step(6 * MINUTE)
    await expectUnauthenticated(server, await server.token(formOf(token)), { reason: 'federated_expired' })
    clock.step(-6 * MINUTE)
  })
})

describe('refused at registration, with file, line and field', () => {
  const ISSUER = 'https://issuer.example.com'
  const cases: [string, Record<string, unknown>, RegExp][] = [
    [
      'inward-fetch: an issuer at a private address',
      { issuer: 'https://10.0.0.1', subject: 's' },
      /10\.0\.0\.1.*private/,
    ],
    [
      'inward-fetch: an issuer at cloud metadata',
      { issuer: 'https://169.254.169.254', subject: 's' },
      /cloud metadata/,
    ],
    [
      'inward-fetch: keys at loopback',
      { issuer: ISSUER, subject: 's', jwks_uri: 'https://127.0.0.2/keys' },
      /loopback/,
    ],
    ['an issuer without TLS', { issuer: 'http://issuer.example.com', subject: 's' }, /https/],
    ['neither subject nor condition', { issuer: ISSUER }, /subject, claims or a condition/],
    ['an invalid condition', { issuer: ISSUER, when: 'claims.ref ==' }, /./],
    ['a trust domain without keys', { issuer: 'spiffe://prod.example', subject: 's' }, /jwks_uri/],
  ]
  test.each(cases)('%s', async (_name, federated, message) => {
    const text = `clients:
  - client_id: registering
    credentials:
      - label: outside
        federated: ${JSON.stringify({ audience: AUDIENCE, ...federated })}
`
    const error = await server.apply(text).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    const refusal = String((error as Error).message)
    expect(refusal).toMatch(/^test\.yaml:5:\d+: clients\[0\]\.credentials\[0\]\.federated/)
    expect(refusal).toMatch(message)
  })
})

describe('if the record of one of an issuer’s clients is unreadable', () => {
  let rows: Rows
  beforeAll(() => {
    rows = openRows(server.config)
  })
  afterAll(() => rows.close())

  async function garble(id: string): Promise<void> {
    rows.run("update client set tags = '{' where client_id = ?", id)
    rows.announce('client', id)
    const named = async () =>
      post(`${server.issuer}/as/token.oauth2`, formOf(await accountToken('/twins'), { client_id: id }))
    await until(async () => (await named()).status === 503)
  }

  test('the other clients are served', async () => {
    await garble('twin-a')
    await expectFederated(await server.token(formOf(await accountToken('/twins'))), 'twin-b')
  })

  test('a token that fits none of them isn’t called wrong, because it may fit that one', async () => {
    const response = await server.token(formOf(await accountToken('/twins', { sub: 'somebody' })))
    expect(response.status).toBe(503)
    expect(await eventOf(server, response)).toMatchObject({
      reason: 'record_unreadable',
      detail: { record: 'client twin-a' },
    })
  })
})
