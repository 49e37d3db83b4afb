import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { decodeJwt } from 'jose'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { DAY, type Issued, issueAuthority } from '../certificates/fixtures.ts'
import { SECRET } from '../harness/model.ts'
import { type SecondServer, startBeside } from '../harness/second-server.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { makeProof, signer } from '../proof-http/proofs.ts'
import { current, identity, issueLeaf, send, thumbprint } from './authority.ts'

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
  - { audience: "https://mtls.example.com", require: certificate_bound, scopes: [{ name: certified }] }
clients:
  - { client_id: caller, scopes: [plain, sealed, certified], ${credentials} }
  - { client_id: holder, require: certificate_bound, scopes: [plain], ${credentials} }
  - { client_id: edge, scopes: [plain], require: certificate_bound, credentials: [{ certificate: { subject_dn: "CN=edge" } }] }
  - { client_id: own, scopes: [plain], credentials: [{ certificate: { thumbprint: ${thumbprint(own)} } }] }
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

const bySecret = basic('caller', SECRET)

describe('a client with a secret that also presents a certificate', () => {
  const cases: [string, string, Asked][] = [
    ['Basic', 'client_secret_basic', { headers: bySecret }],
    ['the secret in the body', 'client_secret_post', { form: { client_id: 'caller', client_secret: SECRET } }],
    ['Basic, and client_id in the body', 'client_secret_basic', { headers: bySecret, form: { client_id: 'caller' } }],
  ]
  test.each(cases)('authenticates by the secret, and its token is bound: %s', async (_name, method, asked) => {
    const response = await ask({ ...asked, chain: [edge, intermediate] })
    expect(response.status).toBe(200)
    const { access_token: token, token_type: type } = await answerOf(response)
    const cnf = { 'x5t#S256': thumbprint(edge) }
    expect(type).toBe('Bearer')
    expect(decodeJwt(token)).toMatchObject({ sub: 'caller', cnf })
    expect(await first.audit(response.headers.get('x-request-id'))).toMatchObject([
      { result: 'success', detail: { method, cnf } },
    ])
  })

  test.each([
    ['self-signed', own],
    ['of another authority', foreign],
    ['expired', expired],
  ])('whoever issued it, since it is known by its thumbprint: %s', async (_name, leaf) => {
    const { access_token: token } = await answerOf(await ask({ headers: bySecret, chain: [leaf] }))
    expect(decodeJwt(token)['cnf']).toEqual({ 'x5t#S256': thumbprint(leaf) })
  })

  test.each(['plain', 'sealed'])('is said so at introspection: %s', async (scope) => {
    const { access_token: token } = await answerOf(await ask({ headers: bySecret, form: { scope }, chain: [own] }))
    expect(await introspect(token)).toMatchObject({
      active: true,
      token_type: 'Bearer',
      scope,
      cnf: { 'x5t#S256': thumbprint(own) },
    })
  })

  test('and a proof of another key, has a token that is bound to both', async () => {
    const dpop = await makeProof(`${first.issuer}/as/token.oauth2`)
    const { access_token: token, token_type: type } = await answerOf(
      await ask({ headers: { ...bySecret, dpop }, chain: [own] }),
    )
    expect(type).toBe('DPoP')
    expect(decodeJwt(token)['cnf']).toEqual({ jkt: signer.key.thumbprint, 'x5t#S256': thumbprint(own) })
  })

  test('has a token that is not, over a connection without one', async () => {
    const { access_token: token } = await answerOf(await ask({ headers: bySecret }))
    expect(decodeJwt(token)).not.toHaveProperty('cnf')
  })
})

describe('where a certificate is required', () => {
  const cases: [string, Asked][] = [
    ['by the client', { headers: basic('holder', SECRET) }],
    ['by the API', { headers: bySecret, form: { scope: 'certified' } }],
    ['by a client that authenticates with it', { form: { client_id: 'edge' } }],
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
      error_description: 'A client certificate is required',
    })
    expect(await first.audit(response.headers.get('x-request-id'))).toMatchObject([{ reason: 'certificate_required' }])
  })
})

describe('openid-client with TlsClientAuth', () => {
  /** As its documentation has it, with `node:https` for the connection. */
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

  test('says so when it is refused', async () => {
    await expect(tokenOf('edge', await using(foreign))).rejects.toMatchObject({
      status: 401,
      constructor: openid.WWWAuthenticateChallengeError,
    })
  })
})

describe('49: at a resource server', () => {
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
