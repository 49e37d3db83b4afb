import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/platform/clock.ts'
import { expectUnauthenticated, send } from '../../harness/authority.ts'
import { newSecret, SECRET } from '../../harness/model.ts'
import { type Changes, makeProof, signer } from '../../harness/proofs.ts'
import { type SecondServer, startBeside } from '../../harness/second-server.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { makeSigner, signWith } from '../../harness/tokens.ts'

const credentials = `credentials: [{ secret: ${SECRET} }]`
const MANIFEST = `
apis:
  - { audience: "https://plain.example.com", scopes: [{ name: plain }] }
  - { audience: "https://sealed.example.com", token: { format: sealed }, scopes: [{ name: sealed }] }
  - { audience: "https://dpop.example.com", require: dpop, scopes: [{ name: proven }] }
  - { audience: "https://mtls.example.com", require: certificate_bound, scopes: [{ name: certified }] }
clients:
  - { client_id: caller, scopes: [plain, sealed, proven, certified], ${credentials} }
  - { client_id: prover, require: dpop, scopes: [plain], ${credentials} }
  - { client_id: holder, require: certificate_bound, scopes: [plain], ${credentials} }
  - { client_id: watcher, introspects: all, ${credentials} }
`

const other = await makeSigner('ES256')
const jkt = signer.key.thumbprint
const NAMED = 'https://auth.example.com'

/** Milliseconds on the servers that require nonces; starts at the beginning of a nonce's period. */
let now = Date.now() - (Date.now() % 120_000)
const still = { ...systemClock, now: () => now }

let server: TestServer
let second: SecondServer
let named: SecondServer
let careful: TestServer
let carefulToo: SecondServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MANIFEST })
  second = await startBeside(server)
  named = await startBeside(server, { issuer: NAMED })
  careful = await startTestServer({ manifest: MANIFEST, options: { 'dpop.require_nonce': 'on' }, clock: still })
  carefulToo = await startBeside(careful, {}, still)
})
afterAll(async () => {
  for (const each of [second, named, carefulToo]) await each.stop()
  for (const each of [server, careful]) await each.stop()
})

const PATH = '/as/token.oauth2'

interface Asked {
  readonly client?: string
  readonly scope?: string
  /** The server to ask. */
  readonly url?: string
  readonly headers?: Record<string, string>
  readonly form?: Record<string, string>
}

/** Asks for a token with one proof, several, or none. */
function ask(
  proof: string | string[] | undefined,
  { client = 'caller', scope = 'plain', url, headers, form }: Asked = {},
) {
  return send((url ?? server.issuer) + PATH, {
    form: new URLSearchParams({ grant_type: 'client_credentials', scope, ...form }).toString(),
    headers: { ...basic(client, SECRET), ...(proof !== undefined && { dpop: proof }), ...headers },
  })
}

const prove = (changes: Changes = {}) => makeProof(server.issuer + PATH, changes)

interface Answer {
  readonly access_token: string
  readonly token_type: string
}
const tokenOf = async (response: Response): Promise<string> => ((await response.json()) as Answer).access_token

/** Requires an uncacheable 400 without a challenge, and its event in the audit log. */
async function expectRefused(
  response: Response,
  error: string,
  event: { reason: string; clientId?: string; detail?: object },
  by = server,
): Promise<void> {
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 400,
    body: { error, error_description: expect.any(String) },
  })
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('www-authenticate')).toBeNull()
  expect(await by.audit(response.headers.get('x-request-id'))).toMatchObject([
    { type: 'token.issue', result: 'refused', clientId: 'caller', ...event },
  ])
}

describe.concurrent('a token bound to the key of a proof', () => {
  test('is marked as such in the response, in its claims and in the audit log', async () => {
    const response = await ask(await prove())
    expect(response.status).toBe(200)
    expect(response.headers.get('dpop-nonce')).toBeNull()
    const body = (await response.json()) as Answer
    expect(body).toMatchObject({ token_type: 'DPoP', expires_in: 14_400, scope: 'plain' })
    expect(decodeJwt(body.access_token)['cnf']).toEqual({ jkt })
    expect(await server.audit(response.headers.get('x-request-id'))).toMatchObject([
      { result: 'success', clientId: 'caller', detail: { method: 'client_secret_basic', cnf: { jkt } } },
    ])
  })

  test.each(['plain', 'sealed'])('has its binding in introspection: %s', async (scope) => {
    const token = await tokenOf(await ask(await prove(), { scope }))
    const introspect = (headers: Record<string, string> = {}) =>
      fetch(`${server.issuer}/as/introspect.oauth2`, {
        method: 'POST',
        body: new URLSearchParams({ token }),
        headers: { ...basic('watcher', SECRET), ...headers },
      })
    const expected = { active: true, token_type: 'DPoP', cnf: { jkt }, scope }
    expect(await (await introspect()).json()).toMatchObject(expected)
    const signed = await (await introspect({ accept: 'application/token-introspection+jwt' })).text()
    expect(decodeJwt(signed)['token_introspection']).toMatchObject(expected)
  })

  test.each(['plain', 'sealed'])('needs a proof: %s', async (scope) => {
    const response = await ask(undefined, { scope })
    const body = (await response.json()) as Answer
    expect(body).toMatchObject({ token_type: 'Bearer' })
    if (scope === 'plain') expect(decodeJwt(body.access_token)).not.toHaveProperty('cnf')
  })

  test.each(['ES384', 'EdDSA', 'PS256'] as const)('with a key for %s', async (alg) => {
    const by = await makeSigner(alg)
    const token = await tokenOf(await ask(await prove({ by })))
    expect(decodeJwt(token)['cnf']).toEqual({ jkt: by.key.thumbprint })
  })
})

describe.concurrent('malformed-dpop-proof: an invalid proof', () => {
  const secret = Buffer.alloc(32, 1)
  const symmetric = (header: object) =>
    signWith(
      { alg: 'HS256', privateKey: secret },
      { jti: 'x', htm: 'POST', htu: server.issuer + PATH, iat: Math.floor(Date.now() / 1000) },
      { typ: 'dpop+jwt', ...header },
    )
  const cases: [string, string, () => Promise<string | string[]>, object][] = [
    ['two headers', 'dpop_proof_repeated', async () => [await prove(), await prove()], {}],
    ['one header twice', 'dpop_proof_repeated', () => prove().then((proof) => [proof, proof]), {}],
    ['two proofs in one header', 'dpop_proof_repeated', async () => `${await prove()},${await prove()}`, {}],
    ['no JWT', 'dpop_proof_malformed', async () => 'proof', { fault: expect.any(String) }],
    ['an empty header', 'dpop_proof_malformed', async () => '', { fault: expect.any(String) }],
    [
      'another typ',
      'dpop_proof_typ',
      () => prove({ header: { typ: 'JWT' } }),
      { expected: 'dpop+jwt', received: 'JWT' },
    ],
    ['no typ', 'dpop_proof_typ', () => prove({ header: { typ: undefined } }), { expected: 'dpop+jwt' }],
    [
      'another method',
      'dpop_proof_htm',
      () => prove({ claims: { htm: 'GET' } }),
      { expected: 'POST', received: 'GET' },
    ],
    ['the method in lower case', 'dpop_proof_htm', () => prove({ claims: { htm: 'post' } }), { received: 'post' }],
    [
      'another host',
      'dpop_proof_htu',
      () => prove({ claims: { htu: `https://other.example.com${PATH}` } }),
      { received: `https://other.example.com${PATH}` },
    ],
    [
      'another path',
      'dpop_proof_htu',
      () => prove({ claims: { htu: `${server.issuer}/as/introspect.oauth2` } }),
      { expected: expect.any(Array) },
    ],
    [
      'another scheme',
      'dpop_proof_htu',
      () => prove({ claims: { htu: (server.issuer + PATH).replace('https', 'http') } }),
      {},
    ],
    [
      'a private key',
      'dpop_proof_key',
      () => prove({ header: { jwk: signer.privateJwk } }),
      { fault: expect.any(String) },
    ],
    ['no key', 'dpop_proof_key', () => prove({ header: { jwk: undefined } }), {}],
    [
      'a symmetric algorithm',
      'dpop_proof_algorithm',
      () => symmetric({ jwk: signer.publicJwk }),
      { received: 'HS256' },
    ],
    [
      'a symmetric key',
      'dpop_proof_key',
      () => prove({ header: { jwk: { kty: 'oct', k: secret.toString('base64url') } } }),
      {},
    ],
    [
      'alg none',
      'dpop_proof_malformed',
      async () =>
        (await prove()).replace(
          /^[^.]+/,
          Buffer.from(JSON.stringify({ alg: 'none', typ: 'dpop+jwt', jwk: signer.publicJwk })).toString('base64url'),
        ),
      { received: 'none' },
    ],
    [
      "another's key",
      'dpop_proof_signature',
      () => prove({ header: { jwk: other.publicJwk } }),
      { jkt: other.key.thumbprint },
    ],
    ['no jti', 'dpop_proof_claims', () => prove({ claims: { jti: undefined } }), { claim: 'jti' }],
    ['iat as text', 'dpop_proof_claims', () => prove({ claims: { iat: '1' } }), { claim: 'iat' }],
    [
      'dpop-replay: five minutes late',
      'dpop_proof_time',
      () => prove({ now: Date.now() - 300_000 }),
      { allowed: 60, seconds_behind: expect.any(Number) },
    ],
    ['dpop-replay: five minutes early', 'dpop_proof_time', () => prove({ now: Date.now() + 300_000 }), { allowed: 60 }],
    ['an access token', 'dpop_proof_typ', async () => tokenOf(await ask(undefined)), { received: 'at+jwt' }],
  ]
  test.each(cases)('%s', async (_name, reason, make, detail) => {
    await expectRefused(await ask(await make()), 'invalid_dpop_proof', { reason, detail })
  })
})

describe.concurrent('accepted proofs', () => {
  const cases: [string, () => Promise<string>][] = [
    ['dpop-htu: a query', () => prove({ claims: { htu: `${server.issuer}${PATH}?a=b#c` } })],
    [
      'dpop-htu: the host in upper case',
      () => prove({ claims: { htu: server.issuer.replace('localhost', 'LOCALHOST') + PATH } }),
    ],
    ['dpop-replay: ten seconds late', () => prove({ now: Date.now() - 10_000 })],
    ['dpop-replay: ten seconds early', () => prove({ now: Date.now() + 10_000 })],
    ['a header as a media type', () => prove({ header: { typ: 'application/dpop+jwt' } })],
    ['an ath, although there is no token', () => prove({ claims: { ath: 'x' } })],
  ]
  test.each(cases)('%s', async (_name, make) => {
    expect(await (await ask(await make())).json()).toMatchObject({ token_type: 'DPoP' })
  })

  test('dpop-htu: the default port of the issuer', async () => {
    const proof = await makeProof(`https://AUTH.example.com:443${PATH}`)
    expect((await ask(proof, { url: named.url })).status).toBe(200)
  })

  test('only the address in the metadata, wherever the server listens', async () => {
    const response = await ask(await makeProof(named.url + PATH), { url: named.url })
    const detail = { expected: [NAMED + PATH], received: named.url + PATH }
    await expectRefused(response, 'invalid_dpop_proof', { reason: 'dpop_proof_htu', detail })
  })
})

describe.concurrent('dpop-replay: a proof is good for one request', () => {
  test('not for a second one, also at another server', async () => {
    const proof = await prove({ claims: { jti: 'twice' } })
    expect((await ask(proof)).status).toBe(200)
    for (const url of [server.issuer, second.url]) {
      const response = await ask(proof, { url })
      await expectRefused(response, 'invalid_dpop_proof', {
        reason: 'dpop_proof_replayed',
        detail: { jkt, jti: 'twice' },
      })
    }
  })

  test('one of fifty parallel requests to two servers is answered', async () => {
    const proof = await prove()
    const sent = Array.from({ length: 50 }, async (_, index) => {
      const response = await fetch((index % 2 === 0 ? server.issuer : second.url) + PATH, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'plain' }),
        headers: { ...basic('caller', SECRET), dpop: proof },
      })
      return [response.status, ((await response.json()) as { error?: string }).error]
    })
    const answers = await Promise.all(sent)
    expect(answers.filter(([status]) => status === 200)).toHaveLength(1)
    expect(answers.filter(([status, error]) => status === 400 && error === 'invalid_dpop_proof')).toHaveLength(49)
  })

  test('the same jti under another key is another proof', async () => {
    const claims = { jti: 'shared' }
    expect((await ask(await prove({ claims }))).status).toBe(200)
    expect((await ask(await prove({ claims, by: other }))).status).toBe(200)
  })

  const failures: [string, Asked, number][] = [
    ['a scope that the client does not have', { scope: 'plain other' }, 400],
    ['an invalid target', { form: { resource: 'https://other.example.com' } }, 400],
    ['a wrong secret', { headers: basic('caller', newSecret()) }, 401],
    ['an unknown client', { headers: basic('unknown', SECRET) }, 401],
    ['no grant_type', { form: { grant_type: '' } }, 400],
    ['no certificate, although the API requires one', { scope: 'certified' }, 400],
    ['no certificate, although the client requires one', { client: 'holder' }, 400],
  ]
  test.each(failures)('a refused request does not use it up: %s', async (_name, failing, status) => {
    const proof = await prove()
    expect((await ask(proof, failing)).status).toBe(status)
    expect((await ask(proof)).status).toBe(200)
  })

  test('a wrong secret gets the same 401 with a proof, also with an invalid one', async () => {
    for (const proof of [await prove(), 'none']) {
      const response = await ask(proof, { headers: basic('caller', newSecret()) })
      await expectUnauthenticated(server, response, { reason: 'wrong_secret', clientId: 'caller' })
    }
  })
})

describe.concurrent('required proofs', () => {
  const cases: [string, string, string, string, Asked][] = [
    ['a proof, by the client', 'invalid_dpop_proof', 'dpop_required', 'prover', {}],
    ['a proof, by the API', 'invalid_dpop_proof', 'dpop_required', 'caller', { scope: 'proven' }],
    ['a certificate, by the client', 'invalid_request', 'certificate_required', 'holder', {}],
    ['a certificate, by the API', 'invalid_request', 'certificate_required', 'caller', { scope: 'certified' }],
  ]
  test.each(cases)('%s', async (_name, error, reason, client, asked) => {
    await expectRefused(await ask(undefined, { client, ...asked }), error, { reason, clientId: client })
  })

  test.each([
    ['prover', 'plain'],
    ['caller', 'proven'],
  ])('a proof suffices: %s, %s', async (client, scope) => {
    expect(await (await ask(await prove(), { client, scope })).json()).toMatchObject({ token_type: 'DPoP' })
  })
})

describe('dpop-nonce: nonces', () => {
  const proveWith = (nonce: string | undefined, more: object = {}) =>
    makeProof(careful.issuer + PATH, { now, claims: { ...(nonce !== undefined && { nonce }), ...more } })
  const askCareful = async (nonce: string | undefined, url = careful.issuer) => ask(await proveWith(nonce), { url })
  const nonceOf = (response: Response): string => response.headers.get('dpop-nonce') ?? ''
  const current = async () => nonceOf(await askCareful(undefined))

  const foreignNonce = async () => {
    const nonce = nonceOf(await ask(await prove({ claims: { nonce: 'x' } })))
    expect(nonce).toMatch(/^[\w-]{28}$/)
    return nonce
  }

  const cases: [string, string, () => Promise<string | undefined>][] = [
    ['none', 'dpop_nonce_missing', async () => undefined],
    ['an empty nonce', 'dpop_nonce_stale', async () => ''],
    ['garbage', 'dpop_nonce_stale', async () => 'garbage'],
    [
      'a changed nonce',
      'dpop_nonce_stale',
      async () => (await current()).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
    ],
    ['another server’s nonce', 'dpop_nonce_stale', foreignNonce],
  ]
  test.each(cases)('%s is answered with one that every server accepts', async (_name, reason, make) => {
    const given = await make()
    const response = await askCareful(given)
    await expectRefused(response, 'use_dpop_nonce', { reason }, careful)
    const fresh = nonceOf(response)
    expect(fresh).toMatch(/^[\w-]{28}$/)
    for (const url of [careful.issuer, carefulToo.url]) {
      const accepted = await askCareful(fresh, url)
      expect(await accepted.json()).toMatchObject({ token_type: 'DPoP' })
    }
  })

  test('the same jti may come again, with the nonce', async () => {
    const response = await ask(await proveWith(undefined, { jti: 'again' }), { url: careful.issuer })
    expect(response.status).toBe(400)
    expect((await ask(await proveWith(nonceOf(response), { jti: 'again' }), { url: careful.issuer })).status).toBe(200)
  })

  test('an answer brings the next nonce, and the current one expires after that', async () => {
    const first = await current()
    now += 120_000
    const response = await askCareful(first)
    expect(response.status).toBe(200)
    const next = nonceOf(response)
    expect(next).not.toBe(first)
    now += 120_000
    const late = await askCareful(first)
    await expectRefused(late, 'use_dpop_nonce', { reason: 'dpop_nonce_stale', detail: { received: first } }, careful)
    expect((await askCareful(next)).status).toBe(200)
  })

  test('a nonce must be right, even if none is required', async () => {
    const response = await ask(await prove({ claims: { nonce: await current() } }))
    await expectRefused(response, 'use_dpop_nonce', { reason: 'dpop_nonce_stale' })
    expect((await ask(await prove({ claims: { nonce: nonceOf(response) } }))).status).toBe(200)
  })

  test('a request without a proof needs no nonce, and gets none', async () => {
    const response = await ask(undefined, { url: careful.issuer })
    expect(await response.json()).toMatchObject({ token_type: 'Bearer' })
    expect(nonceOf(response)).toBe('')
  })
})
