import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { claimsOf, expectToken, expectUnauthenticated, formOf, post } from '../harness/assertions.ts'
import { SECRET } from '../harness/model.ts'
import { freePort } from '../harness/port.ts'
import { runTessera } from '../harness/program.ts'
import { makeProof } from '../harness/proofs.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { makeSigner, signWith } from '../harness/tokens.ts'

const API = 'https://api.example.com'
const key = await makeSigner('ES256')
const jwks = `jwks: ${JSON.stringify({ keys: [key.publicJwk] })}`
const MANIFEST = `
apis: [{ audience: "${API}", scopes: [{ name: edit }] }]
clients:
  - { client_id: cc_client, scopes: [edit], introspects: all, credentials: [{ secret: ${SECRET} }] }
  - { client_id: exact, scopes: [edit], credentials: [{ ${jwks} }] }
  - { client_id: compatible, scopes: [edit], assertion_audience: compatible, credentials: [{ ${jwks} }] }
`
const CREDENTIALS = basic('cc_client', SECRET)
const FORM = { grant_type: 'client_credentials', scope: 'edit' }

/** The path of each issuer, as written, and without a slash at its end. */
const ISSUERS = [
  ['', ''],
  ['/', ''],
  ['/realms/demo', '/realms/demo'],
  ['/realms/demo/', '/realms/demo'],
] as const

describe.each(ISSUERS)('the issuer with the path "%s"', (written, base) => {
  let server: TestServer
  let origin: string
  beforeAll(async () => {
    const port = await freePort()
    origin = `https://localhost:${port}`
    const options = { issuer: origin + written, 'runtime.port': String(port) }
    server = await startTestServer({ manifest: MANIFEST, options })
  })
  afterAll(() => server.stop())

  const at = (path: string): string => origin + base + path
  const issue = async (): Promise<string> =>
    ((await (await post(at('/as/token.oauth2'), FORM, CREDENTIALS)).json()) as { access_token: string }).access_token

  test('is in the metadata, at the paths of RFC 8414 §3.1 and OpenID Connect Discovery 1.0 §4', async () => {
    for (const path of [`/.well-known/oauth-authorization-server${base}`, `${base}/.well-known/openid-configuration`]) {
      const response = await fetch(origin + path)
      expect(response.status, path).toBe(200)
      expect(await response.json()).toMatchObject({
        issuer: origin + written,
        token_endpoint: at('/as/token.oauth2'),
        authorization_endpoint: at('/as/authorization.oauth2'),
        jwks_uri: at('/pf/JWKS'),
        introspection_endpoint: at('/as/introspect.oauth2'),
        revocation_endpoint: at('/as/revoke_token.oauth2'),
      })
    }
  })

  test.each(base === '' ? [] : ['/as/token.oauth2', '/pf/JWKS', '/.well-known/jwks.json'])(
    'has no endpoint beside its path: %s',
    async (path) => {
      expect((await fetch(origin + path)).status).toBe(404)
    },
  )

  test.each([
    `/.well-known/oauth-authorization-server${base}/`,
    `/.well-known/openid-configuration${base}/`,
    `${base}//.well-known/openid-configuration`,
    `${base}/.well-known/openid-configuration/`,
    `/x${base}/.well-known/openid-configuration`,
    `${base}/.well-known/oauth-authorization-server/x`,
  ])('odd-paths: has no metadata at %s', async (path) => {
    expect((await fetch(origin + path)).status).toBe(404)
  })

  test('leaves the heartbeat where load balancers ask for it', async () => {
    expect((await fetch(`${origin}/pf/heartbeat.ping`)).status).toBe(200)
  })

  test('is the iss of tokens, which both key sets verify', async () => {
    const token = await issue()
    for (const path of ['/pf/JWKS', '/.well-known/jwks.json']) {
      const keys = createRemoteJWKSet(new URL(at(path)))
      await jwtVerify(token, keys, { issuer: origin + written, audience: API, typ: 'at+jwt' })
    }
  })

  test('is the iss of signed introspections (RFC 9701 §5)', async () => {
    const headers = { ...CREDENTIALS, accept: 'application/token-introspection+jwt' }
    const answer = await post(at('/as/introspect.oauth2'), { token: await issue() }, headers)
    const keys = createRemoteJWKSet(new URL(at('/pf/JWKS')))
    const { payload } = await jwtVerify(await answer.text(), keys, { issuer: origin + written, audience: 'cc_client' })
    expect(payload).toMatchObject({ token_introspection: { active: true, iss: origin + written } })
  })

  const assertionFor = (clientId: string, aud: string) =>
    signWith(key, claimsOf(aud, clientId, Math.floor(Date.now() / 1000)))

  test('is the audience of assertions, letter by letter', async () => {
    const authenticate = async (clientId: string, aud: string) =>
      post(at('/as/token.oauth2'), formOf(await assertionFor(clientId, aud)))
    await expectToken(server, await authenticate('exact', origin + written), 'exact', 'private_key_jwt')
    const other = written.endsWith('/') ? origin + base : `${origin}${base}/`
    for (const aud of [other, `${origin}/realms`, at('/as/token.oauth2')])
      await expectUnauthenticated(server, await authenticate('exact', aud), { reason: 'assertion_audience' })
    await expectToken(server, await authenticate('compatible', at('/as/token.oauth2')), 'compatible', 'private_key_jwt')
    if (base === '') return
    for (const aud of [origin, `${origin}/as/token.oauth2`])
      await expectUnauthenticated(server, await authenticate('compatible', aud), { reason: 'assertion_audience' })
  })

  test('is a part of the address of DPoP proofs', async () => {
    const asked = async (htu: string) =>
      (await post(at('/as/token.oauth2'), FORM, { ...CREDENTIALS, dpop: await makeProof(htu) })).json()
    expect(await asked(at('/as/token.oauth2'))).toMatchObject({ token_type: 'DPoP' })
    for (const htu of [`${origin}/realms/as/token.oauth2`, `${origin}${base}//as/token.oauth2`])
      expect(await asked(htu)).toMatchObject({ error: 'invalid_dpop_proof' })
  })

  test('is found by the commands', async () => {
    const options = ['--issuer', origin + written, '--ca', inject('tls').ca]
    const asClient = [...options, '--client-id', 'cc_client', '--secret-env', 'SECRET']
    const env = { SECRET }
    const got = await runTessera(['token', ...asClient, '--scope', 'edit'], env)
    expect(got).toMatchObject({ code: 0, stderr: '' })
    const verified = await runTessera(['verify', ...options, '--audience', API], {}, got.stdout)
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringMatching(/^valid\n/) })
    const introspected = await runTessera(['introspect', ...asClient, '--json'], env, got.stdout)
    expect(introspected).toMatchObject({ code: 0, stdout: expect.stringContaining(origin + written) })
    const curl = await runTessera(['token', ...asClient, '--curl'], env)
    expect(curl.stdout).toContain(at('/as/token.oauth2'))
  })
})
