import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { decodeJwt } from 'jose'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { current, identity, issueLeaf, send, thumbprint } from '../harness/authority.ts'
import { DAY, type Issued, issueAuthority } from '../harness/certificates.ts'
import { SECRET } from '../harness/model.ts'
import { makeProof, signer } from '../harness/proofs.ts'
import { described } from '../harness/refused.ts'
import { type SecondServer, startBeside } from '../harness/second-server.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

const root = await issueAuthority('CN=Root', undefined, current())
const intermediate = await issueAuthority('CN=Intermediate', root, current())
const edge = await issueLeaf({ subject: 'CN=edge', issuer: intermediate })
const own = await issueLeaf({ subject: 'CN=own' })
const foreign = await issueLeaf({ issuer: await issueAuthority('CN=Stranger', undefined, current()) })
const expired = await issueLeaf({ notBefore: Date.now() - 2 * DAY, notAfter: Date.now() - DAY })

const credentials = `credentials: [{ secret: ${SECRET} }]`
const MANIFEST = `
apis:
  - { audience: "https://plain.example.com", scopes: [{ name: plain }] }
  - { audience: "https://sealed.example.com", token: { format: sealed }, scopes: [{ name: sealed }] }
  - { audience: "https://own.example.com", token: { claims: { region: eu } }, scopes: [{ name: own }] }
  - { audience: "https://mtls.example.com", require: certificate_bound, scopes: [{ name: certified }] }
  - { audience: "https://dpop.example.com", require: dpop, scopes: [{ name: proven }] }
  - { audience: "https://either.example.com", require: sender_constrained, scopes: [{ name: either }] }
clients:
  - { client_id: caller, scopes: [plain, sealed, certified, proven, either], ${credentials} }
  - { client_id: asking, tls_client_certificate_bound_access_tokens: true, scopes: [plain, sealed, own, certified, proven, either], ${credentials} }
  - { client_id: prover, require: dpop, scopes: [plain, certified, proven, either], ${credentials} }
  - { client_id: either, require: sender_constrained, scopes: [plain, certified, proven, either], ${credentials} }
  - { client_id: holder, require: certificate_bound, scopes: [plain, proven, either], ${credentials} }
  - { client_id: edge, scopes: [plain], require: certificate_bound, credentials: [{ certificate: { subject_dn: "CN=edge" } }] }
  - { client_id: plainly, scopes: [plain, either], credentials: [{ certificate: { subject_dn: "CN=edge" } }] }
  - { client_id: own, scopes: [plain], tls_client_certificate_bound_access_tokens: true, credentials: [{ certificate: { thumbprint: ${thumbprint(own)} } }] }
  - { client_id: api, introspects: all, ${credentials} }
`

let first: TestServer
let server: SecondServer
beforeAll(async () => {
  first = await startTestServer({ manifest: MANIFEST })
  server = await startBeside(first, { clientAuthorities: root.pem })
})
afterAll(async () => {
  await server.stop()
  await first.stop()
})

interface Asked {
  readonly form?: Record<string, string>
  readonly headers?: Record<string, string>
  readonly chain?: readonly [Issued, ...Issued[]]
}

const ask = async ({ form, headers = {}, chain }: Asked) =>
  send(`${server.url}/as/token.oauth2`, {
    form: new URLSearchParams({ grant_type: 'client_credentials', scope: 'plain', ...form }).toString(),
    headers,
    ...(chain && { tls: await identity(...chain) }),
  })

interface Answer {
  readonly access_token: string
  readonly token_type: string
}
const answerOf = async (response: Response): Promise<Answer> => (await response.json()) as Answer

const introspect = async (token: string): Promise<unknown> =>
  (
    await fetch(`${server.url}/as/introspect.oauth2`, {
      method: 'POST',
      body: new URLSearchParams({ token }),
      headers: basic('api', SECRET),
    })
  ).json()

const bySecret = basic('asking', SECRET)

describe('a client with a secret that wants bound tokens and presents a certificate', () => {
  const cases: [string, string, Asked][] = [
    ['Basic', 'client_secret_basic', { headers: bySecret }],
    ['the secret in the body', 'client_secret_post', { form: { client_id: 'asking', client_secret: SECRET } }],
    ['Basic, and client_id in the body', 'client_secret_basic', { headers: bySecret, form: { client_id: 'asking' } }],
  ]
  test.each(cases)('authenticates with the secret, and its token is bound: %s', async (_name, method, asked) => {
    const response = await ask({ ...asked, chain: [edge, intermediate] })
    expect(response.status).toBe(200)
    const { access_token: token, token_type: type } = await answerOf(response)
    const cnf = { 'x5t#S256': thumbprint(edge) }
    expect(type).toBe('Bearer')
    expect(decodeJwt(token)).toMatchObject({ sub: 'asking', cnf })
    expect(await first.audit(response.headers.get('x-request-id'))).toMatchObject([
      { result: 'success', detail: { method, cnf } },
    ])
  })

  test.each([
    ['self-signed', own],
    ['of another authority', foreign],
    ['expired', expired],
  ])(
    'gets a bound token, whatever the issuer of its certificate, because only the thumbprint counts: %s',
    async (_name, leaf) => {
      const { access_token: token } = await answerOf(await ask({ headers: bySecret, chain: [leaf] }))
      expect(decodeJwt(token)['cnf']).toEqual({ 'x5t#S256': thumbprint(leaf) })
    },
  )

  test.each(['plain', 'sealed'])('has its binding in introspection: %s', async (scope) => {
    const { access_token: token } = await answerOf(await ask({ headers: bySecret, form: { scope }, chain: [own] }))
    expect(await introspect(token)).toMatchObject({
      active: true,
      token_type: 'Bearer',
      scope,
      cnf: { 'x5t#S256': thumbprint(own) },
    })
  })

  test('is said so at introspection, after the claims of the API', async () => {
    const { access_token: token } = await answerOf(
      await ask({ headers: bySecret, form: { scope: 'own' }, chain: [own] }),
    )
    expect(Object.keys((await introspect(token)) as object).join(' ')).toBe(
      'active iss sub aud client_id iat exp jti scope region cnf token_type',
    )
  })

  test('gets an unbound token over a connection without a certificate', async () => {
    const { access_token: token } = await answerOf(await ask({ headers: bySecret }))
    expect(decodeJwt(token)).not.toHaveProperty('cnf')
  })
})

/**
 * The bindings of tokens: the client, the scope (and so the API), the proofs in the request, and the members of `cnf`,
 * or the reason for a refusal.
 */
const bindings: [
  client: string,
  scope: string,
  proven: 'both' | 'certificate' | 'proof' | 'nothing',
  outcome: string,
][] = [
  ['caller', 'plain', 'nothing', 'none'],
  ['caller', 'plain', 'certificate', 'none'],
  ['caller', 'plain', 'proof', 'jkt'],
  ['caller', 'plain', 'both', 'jkt'],
  ['asking', 'plain', 'nothing', 'none'],
  ['asking', 'plain', 'certificate', 'x5t#S256'],
  ['asking', 'plain', 'proof', 'jkt'],
  ['asking', 'plain', 'both', 'jkt'],
  ['prover', 'plain', 'nothing', 'dpop_required'],
  ['prover', 'plain', 'certificate', 'dpop_required'],
  ['prover', 'plain', 'proof', 'jkt'],
  ['prover', 'plain', 'both', 'jkt'],
  ['holder', 'plain', 'nothing', 'certificate_required'],
  ['holder', 'plain', 'certificate', 'x5t#S256'],
  ['holder', 'plain', 'proof', 'dpop_refused'],
  ['holder', 'plain', 'both', 'dpop_refused'],
  ['either', 'plain', 'nothing', 'sender_constraint_required'],
  ['either', 'plain', 'certificate', 'x5t#S256'],
  ['either', 'plain', 'proof', 'jkt'],
  ['either', 'plain', 'both', 'jkt'],
  ['caller', 'proven', 'nothing', 'dpop_required'],
  ['caller', 'proven', 'certificate', 'dpop_required'],
  ['caller', 'proven', 'proof', 'jkt'],
  ['caller', 'proven', 'both', 'jkt'],
  ['caller', 'certified', 'nothing', 'certificate_required'],
  ['caller', 'certified', 'certificate', 'x5t#S256'],
  ['caller', 'certified', 'proof', 'dpop_refused'],
  ['caller', 'certified', 'both', 'dpop_refused'],
  ['caller', 'either', 'nothing', 'sender_constraint_required'],
  ['caller', 'either', 'certificate', 'x5t#S256'],
  ['caller', 'either', 'proof', 'jkt'],
  ['caller', 'either', 'both', 'jkt'],
  ['caller', 'plain either', 'certificate', 'x5t#S256'],
  ['caller', 'certified either', 'certificate', 'x5t#S256'],
  ['caller', 'certified either', 'proof', 'dpop_refused'],
  ['caller', 'proven either', 'both', 'jkt'],
  ['caller', 'proven certified', 'both', 'dpop_refused'],
  ['prover', 'certified', 'both', 'dpop_refused'],
  ['prover', 'either', 'certificate', 'dpop_required'],
  ['holder', 'proven', 'both', 'dpop_refused'],
  ['holder', 'either', 'certificate', 'x5t#S256'],
  ['either', 'certified', 'proof', 'dpop_refused'],
  ['either', 'proven', 'certificate', 'dpop_required'],
  ['plainly', 'plain', 'certificate', 'none'],
  ['plainly', 'plain', 'both', 'jkt'],
  ['plainly', 'either', 'certificate', 'x5t#S256'],
]

describe('unwanted-binding: the binding of a token', () => {
  test.each(bindings)('%s, at the API of %s, proves %s: %s', async (client, scope, proven, outcome) => {
    const hasProof = proven === 'both' || proven === 'proof'
    const hasCertificate = proven === 'both' || proven === 'certificate'
    const isByCertificate = client === 'plainly'
    const response = await ask({
      form: { scope, ...(isByCertificate && { client_id: client }) },
      headers: {
        ...(!isByCertificate && basic(client, SECRET)),
        ...(hasProof && { dpop: await makeProof(`${first.issuer}/as/token.oauth2`) }),
      },
      ...(hasCertificate && { chain: [edge, intermediate] as const }),
    })
    const members: Readonly<Record<string, object | undefined>> = {
      none: undefined,
      jkt: { jkt: signer.key.thumbprint },
      'x5t#S256': { 'x5t#S256': thumbprint(edge) },
    }
    if (outcome in members) {
      const { access_token: token, token_type: type } = await answerOf(response)
      expect({ type, cnf: decodeJwt(token)['cnf'] }).toEqual({
        type: outcome === 'jkt' ? 'DPoP' : 'Bearer',
        cnf: members[outcome],
      })
    } else {
      expect(response.status).toBe(400)
      expect(await first.audit(response.headers.get('x-request-id'))).toMatchObject([{ reason: outcome }])
    }
  })
})

describe('if a certificate is required', () => {
  const cases: [string, Asked][] = [
    ['by the client', { headers: basic('holder', SECRET) }],
    ['by the API', { headers: bySecret, form: { scope: 'certified' } }],
    ['by a client that authenticates with one', { form: { client_id: 'edge' } }],
  ]
  test.each(cases)('%s', async (_name, asked) => {
    const { access_token: token } = await answerOf(await ask({ ...asked, chain: [edge, intermediate] }))
    expect(decodeJwt(token)['cnf']).toEqual({ 'x5t#S256': thumbprint(edge) })
  })

  test.each(cases.slice(0, 2))('%s: 400 without one', async (_name, asked) => {
    const response = await ask(asked)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error: 'invalid_request',
      error_description: described('A client certificate is required'),
    })
    expect(await first.audit(response.headers.get('x-request-id'))).toMatchObject([{ reason: 'certificate_required' }])
  })
})

describe('openid-client with TlsClientAuth', () => {
  /** The documented way to use `node:https` for the connection. */
  const using = async (...chain: readonly [Issued, ...Issued[]]): Promise<openid.CustomFetch> => {
    const tls = await identity(...chain)
    return (url, { method, headers, body }) =>
      send(String(url).replace(first.issuer, server.url), {
        method: method === 'GET' ? 'GET' : 'POST',
        headers: Object.fromEntries(new Headers(headers)),
        ...(body != null && { form: String(body) }),
        tls,
      })
  }

  async function tokenOf(clientId: string, customFetch: openid.CustomFetch): Promise<string> {
    const config = await openid.discovery(
      new URL(first.issuer),
      clientId,
      { use_mtls_endpoint_aliases: true },
      openid.TlsClientAuth(),
      {
        algorithm: 'oauth2',
        [openid.customFetch]: customFetch,
      },
    )
    return (await openid.clientCredentialsGrant(config, { scope: 'plain' })).access_token
  }

  const cases: [string, readonly [Issued, ...Issued[]]][] = [
    ['edge', [edge, intermediate]],
    ['own', [own]],
  ]
  test.each(cases)('gets a token: %s', async (clientId, chain) => {
    const claims = decodeJwt(await tokenOf(clientId, await using(...chain)))
    expect(claims).toMatchObject({ sub: clientId, cnf: { 'x5t#S256': thumbprint(chain[0]) } })
  })

  test('reports a refusal', async () => {
    await expect(tokenOf('edge', await using(foreign))).rejects.toMatchObject({
      status: 401,
      constructor: openid.WWWAuthenticateChallengeError,
    })
  })
})

describe('stolen-bound-token: at a resource server', () => {
  const api = createServer(
    {
      cert: readFileSync(inject('tls').cert),
      key: readFileSync(inject('tls').key),
      requestCert: true,
      rejectUnauthorized: false,
    },
    async ({ headers, socket }, response) => {
      const seen = (socket as TLSSocket).getPeerX509Certificate()?.fingerprint256.replaceAll(':', '') ?? ''
      const { active, cnf } = (await introspect(headers.authorization?.replace('Bearer ', '') ?? '')) as {
        active: boolean
        cnf?: Record<string, string>
      }
      const isBoundToIt = cnf?.['x5t#S256'] === Buffer.from(seen, 'hex').toString('base64url')
      response
        .writeHead(active && isBoundToIt ? 200 : 401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' })
        .end()
    },
  )
  let url = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
    url = `https://127.0.0.1:${(api.address() as AddressInfo).port}`
  })
  afterAll(() => new Promise<void>((resolve) => api.close(() => resolve())))

  test.each([
    ['its certificate', own, 200],
    ['another certificate', foreign, 401],
    ['none', undefined, 401],
  ])('a bound token with %s', async (_name, leaf, status) => {
    const { access_token: token } = await answerOf(await ask({ form: { client_id: 'own' }, chain: [own] }))
    const headers = { authorization: `Bearer ${token}` }
    const response = await send(url, { method: 'GET', headers, ...(leaf && { tls: await identity(leaf) }) })
    expect(response.status).toBe(status)
  })
})
