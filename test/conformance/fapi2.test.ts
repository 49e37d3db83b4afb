/**
 * The tests of the OpenID Foundation's plan `fapi2-security-profile-final-test-plan` for
 * `fapi_client_credentials_grant`, in its four combinations and under its module names. `npm test` can't require the
 * suite itself.
 */

import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimsOf, formOf } from '../harness/assertions.ts'
import { current, identity, issueLeaf, send } from '../harness/authority.ts'
import { type Issued, issueAuthority } from '../harness/certificates.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { makeSigner, type Signer, signWith } from '../harness/tokens.ts'
import { type StrictApi, startStrictApi } from './resource-server.ts'

type Authentication = 'private_key_jwt' | 'mtls'
type Constraint = 'dpop' | 'mtls'
const combinations: readonly (readonly [Authentication, Constraint])[] = [
  ['private_key_jwt', 'dpop'],
  ['private_key_jwt', 'mtls'],
  ['mtls', 'dpop'],
  ['mtls', 'mtls'],
]

const AUDIENCE = 'https://api.example.com'
const FAPI = 'PS256,ES256,EdDSA'
const root = await issueAuthority('CN=Root', undefined, current())

/** One of the plan's two clients. */
interface Client {
  readonly key: Signer
  readonly certificate: Issued
}
const clients: Readonly<Record<'first' | 'second', Client>> = {
  first: {
    key: await makeSigner('PS256', { kid: 'first' }),
    certificate: await issueLeaf({ subject: 'CN=first', issuer: root }),
  },
  second: {
    key: await makeSigner('PS256', { kid: 'second' }),
    certificate: await issueLeaf({ subject: 'CN=second', issuer: root }),
  },
}
const proving = await makeSigner('ES256')

const manifest = combinations.flatMap(([authentication, constraint]) =>
  Object.entries(clients).map(([name, { key }]) => {
    const credential =
      authentication === 'mtls'
        ? `certificate: { subject_dn: "CN=${name}" }`
        : `jwks: ${JSON.stringify({ keys: [key.publicJwk] })}`
    const require = constraint === 'dpop' ? 'dpop' : 'certificate_bound'
    const id = `${name}-${authentication}-${constraint}`
    return `  - { client_id: ${id}, scopes: [accounts], require: ${require}, credentials: [{ ${credential} }] }`
  }),
)

let server: TestServer
let api: StrictApi
const folder = mkdtempSync(join(tmpdir(), 'tessera-fapi-'))
beforeAll(async () => {
  const authorities = join(folder, 'clients.pem')
  writeFileSync(authorities, root.pem)
  server = await startTestServer({
    manifest: `apis: [{ audience: "${AUDIENCE}", require: sender_constrained, scopes: [{ name: accounts }] }]\nclients:\n${manifest.join('\n')}\n`,
    options: {
      'tls.client_ca': authorities,
      'assertions.algorithms': FAPI,
      'assertions.audience': 'string',
      'dpop.algorithms': FAPI,
    },
  })
  api = await startStrictApi({ issuer: server.issuer, audience: AUDIENCE })
})
afterAll(async () => {
  await api.stop()
  await server.stop()
  rmSync(folder, { recursive: true })
})

const tokenEndpoint = () => `${server.issuer}/as/token.oauth2`
const seconds = () => Math.floor(Date.now() / 1000)

/** Changes to a good DPoP proof. */
interface ProofChanges {
  readonly claims?: object
  readonly header?: object
  readonly by?: Signer
}

const proof = (method: string, uri: string, { claims, header, by = proving }: ProofChanges = {}): Promise<string> =>
  signWith(
    by,
    { jti: randomUUID(), htm: method, htu: uri, iat: seconds(), ...claims },
    { typ: 'dpop+jwt', jwk: by.publicJwk, ...header },
  )

/** Changes to the happy flow. */
interface Changes {
  readonly client?: 'first' | 'second'
  /** The client whose key and certificate the request uses; its own by default. */
  readonly as?: 'first' | 'second'
  /** Changed claims of the assertion. */
  readonly claims?: object
  readonly alg?: string
  readonly isWithoutAssertion?: boolean
  readonly isWithoutConstraint?: boolean
  readonly proof?: ProofChanges
}

/** Asks for a token as the suite does. With DPoP, only this server gets the certificate. */
async function askToken(authentication: Authentication, constraint: Constraint, changes: Changes = {}) {
  const { client = 'first', as = client, claims, alg, isWithoutAssertion, isWithoutConstraint } = changes
  const id = `${client}-${authentication}-${constraint}`
  const { key, certificate } = clients[as]
  const isAsserting = authentication === 'private_key_jwt' && !isWithoutAssertion
  const isConnecting = constraint === 'mtls' ? !isWithoutConstraint : authentication === 'mtls'
  const isProving = constraint === 'dpop' && !isWithoutConstraint
  const form = isAsserting
    ? formOf(
        await signWith(
          { alg: alg ?? 'PS256', privateKey: await keyFor(key, alg) },
          claimsOf(server.issuer, id, seconds(), claims),
          { kid: key.key.kid },
        ),
      )
    : { grant_type: 'client_credentials', client_id: id }
  return send(tokenEndpoint(), {
    form: new URLSearchParams({ ...form, scope: 'accounts' }).toString(),
    headers: isProving ? { dpop: await proof('POST', tokenEndpoint(), changes.proof) } : {},
    ...(isConnecting && { tls: await identity(certificate) }),
  })
}

/** The same RSA key for another algorithm. */
async function keyFor({ privateKey, privateJwk }: Signer, alg: string | undefined): Promise<Signer['privateKey']> {
  return alg === undefined
    ? privateKey
    : crypto.subtle.importKey('jwk', { ...privateJwk, alg }, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, [
        'sign',
      ])
}

/** Calls the API with a token, by default as the client that got it. */
async function callApi(
  constraint: Constraint,
  token: string,
  changes: ProofChanges & {
    readonly scheme?: string
    readonly certificate?: Issued
    readonly isWithoutConstraint?: boolean
  } = {},
): Promise<number> {
  const { scheme = constraint === 'dpop' ? 'DPoP' : 'Bearer', certificate = clients.first.certificate } = changes
  const isConstrained = !changes.isWithoutConstraint
  const ath = createHash('sha256').update(token).digest('base64url')
  const dpop = isConstrained && constraint === 'dpop'
  const { status } = await send(api.url, {
    method: 'GET',
    headers: {
      authorization: `${scheme} ${token}`,
      ...(dpop && { dpop: await proof('GET', api.url, { ...changes, claims: { ath, ...changes.claims } }) }),
    },
    ...(isConstrained && constraint === 'mtls' && { tls: await identity(certificate) }),
  })
  return status
}

async function tokenOf(response: Response): Promise<string> {
  const answer = (await response.json()) as { access_token: string; token_type: string; expires_in: number }
  expect({ status: response.status, ...answer }).toMatchObject({ status: 200, expires_in: expect.any(Number) })
  return answer.access_token
}

const errorOf = async (response: Response) => {
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  const { error, error_description: description } = (await response.json()) as Record<string, string>
  expect(description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  return { status: response.status, error }
}

/** The protocol and cipher suite of a handshake, or undefined if the server refuses it. */
const handshake = (options: object): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect(
      { port: Number(new URL(server.issuer).port), host: '127.0.0.1', servername: 'localhost', ...options },
      () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().name}`)
        socket.destroy()
      },
    )
    socket.on('error', () => resolve(undefined))
  })

describe.each(combinations)('%s, sender constraint %s', (authentication, constraint) => {
  const ask = (changes: Changes = {}) => askToken(authentication, constraint, changes)
  const isDpop = constraint === 'dpop'
  const isAsserting = authentication === 'private_key_jwt'

  test('discovery-end-point-verification', async () => {
    const response = await fetch(`${server.issuer}/.well-known/openid-configuration`)
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/)
    const metadata = (await response.json()) as Record<string, unknown>
    expect(metadata).toMatchObject({
      issuer: server.issuer,
      token_endpoint: tokenEndpoint(),
      jwks_uri: expect.stringMatching(/^https:/),
      grant_types_supported: expect.arrayContaining(['client_credentials']),
      token_endpoint_auth_methods_supported: expect.arrayContaining([
        isAsserting ? 'private_key_jwt' : 'tls_client_auth',
      ]),
      token_endpoint_auth_signing_alg_values_supported: FAPI.split(','),
      ...(isDpop
        ? { dpop_signing_alg_values_supported: FAPI.split(',') }
        : { tls_client_certificate_bound_access_tokens: true }),
    })
    const { keys } = (await (await fetch(String(metadata['jwks_uri']))).json()) as { keys: object[] }
    expect(keys.filter((key) => 'd' in key || 'k' in key)).toEqual([])
  })

  test('happy-flow', async () => {
    for (const client of ['first', 'second'] as const) {
      const token = await tokenOf(await ask({ client }))
      const { certificate } = clients[client]
      expect(await callApi(constraint, token, { certificate })).toBe(200)
      expect(await callApi(constraint, token, { certificate, isWithoutConstraint: true })).toBe(401)
    }
    const { status } = await send(`${api.url}?access_token=${await tokenOf(await ask())}`, { method: 'GET' })
    expect(status).toBe(401)
  })

  test('access-token-type-header-case-sensitivity', async () => {
    const scheme = isDpop ? 'dPOp' : 'bEARER'
    expect(await callApi(constraint, await tokenOf(await ask()), { scheme })).toBe(200)
  })

  test('ensure-client-id-in-token-endpoint', async () => {
    expect(await errorOf(await ask({ client: 'second', as: 'first' }))).toEqual({
      status: 401,
      error: 'invalid_client',
    })
  })

  test('ensure-holder-of-key-required', async () => {
    expect(await handshake({})).toMatch(/^TLSv1\.3 /)
    expect(await handshake({ maxVersion: 'TLSv1.2' })).toMatch(/^TLSv1\.2 ECDHE-ECDSA-AES(128|256)-GCM-/)
    for (const version of ['TLSv1', 'TLSv1.1']) {
      expect(await handshake({ minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' })).toBeUndefined()
    }
    const others = 'ALL:COMPLEMENTOFALL:!ECDHE-ECDSA-AES128-GCM-SHA256:!ECDHE-ECDSA-AES256-GCM-SHA384:@SECLEVEL=0'
    expect(await handshake({ maxVersion: 'TLSv1.2', ciphers: others })).toBeUndefined()
    const refused = await errorOf(await ask({ isWithoutConstraint: true }))
    expect([400, 401]).toContain(refused.status)
    expect(isDpop ? ['invalid_dpop_proof'] : isAsserting ? ['invalid_request'] : ['invalid_client']).toContain(
      refused.error,
    )
  })

  if (isDpop) {
    const proofs: [string, () => object][] = [
      ['check-dpop-proof-nbf-exp', () => ({ nbf: seconds(), exp: seconds() + 300 })],
      ['ensure-dpopproof-with-iat-10seconds-before-succeeds', () => ({ iat: seconds() - 10 })],
      ['ensure-dpopproof-with-iat-10seconds-after-succeeds', () => ({ iat: seconds() + 10 })],
    ]
    test.each(proofs)('%s', async (_name, claims) => {
      const token = await tokenOf(await ask({ proof: { claims: claims() } }))
      expect(await callApi(constraint, token, { claims: claims() })).toBe(200)
    })

    test('dpop-negative-tests', async () => {
      const other = await makeSigner('ES256')
      const token = await tokenOf(await ask())
      const cases: [string, Parameters<typeof callApi>[2]][] = [
        ['another key', { by: other }],
        ['a private key', { header: { jwk: proving.privateJwk } }],
        ['another typ', { header: { typ: 'JWT' } }],
        ['another method', { claims: { htm: 'POST' } }],
        ['another address', { claims: { htu: tokenEndpoint() } }],
        ['another token', { claims: { ath: 'AAAA' } }],
        ['no ath', { claims: { ath: undefined } }],
        ['a time in the past', { claims: { iat: seconds() - 3600 } }],
        ['a time in the future', { claims: { iat: seconds() + 3600 } }],
        ['no proof', { isWithoutConstraint: true }],
        ['no proof, as Bearer', { isWithoutConstraint: true, scheme: 'Bearer' }],
      ]
      for (const [name, changes] of cases) {
        expect({ name, status: await callApi(constraint, token, changes) }).toEqual({ name, status: 401 })
      }
      const jti = randomUUID()
      expect(await callApi(constraint, token, { claims: { jti } })).toBe(200)
      expect(await callApi(constraint, token, { claims: { jti } })).toBe(401)
      expect(await callApi(constraint, token)).toBe(200)
      // The suite tries these only at the resource. They must fail at the token endpoint, too.
      const atTokenEndpoint: [string, ProofChanges][] = [
        ['a private key', { header: { jwk: proving.privateJwk } }],
        ['another typ', { header: { typ: 'JWT' } }],
        ['another method', { claims: { htm: 'GET' } }],
        ['another address', { claims: { htu: api.url } }],
        ['a time in the future', { claims: { nbf: seconds() + 120 } }],
      ]
      for (const [name, changes] of atTokenEndpoint) {
        const refused = await errorOf(await ask({ proof: changes }))
        expect({ name, ...refused }).toEqual({ name, status: 400, error: 'invalid_dpop_proof' })
      }
    })
  }

  if (isAsserting) {
    const refused: [string, () => Changes][] = [
      ['ensure-signed-client-assertion-with-RS256-fails', () => ({ alg: 'RS256' })],
      ['ensure-client-assertion-in-token-endpoint', () => ({ isWithoutAssertion: true })],
      [
        'ensure-client-assertion-with-exp-is-5-minutes-in-past-fails',
        () => ({ claims: { iat: seconds() - 360, exp: seconds() - 300 } }),
      ],
      ['ensure-client-assertion-with-wrong-aud-fails', () => ({ claims: { aud: 'https://other.example.com' } })],
      ['ensure-client-assertion-with-no-sub-fails', () => ({ claims: { sub: undefined } })],
    ]
    test.each(refused)('%s', async (_name, changes) => {
      expect(await errorOf(await ask(changes()))).toEqual({ status: 401, error: 'invalid_client' })
    })
  }
})
