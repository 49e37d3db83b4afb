import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { newSecret } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { makeSigner, type Signer, signWith, unsigned } from '../../harness/tokens.ts'
import { until } from '../../harness/until.ts'

const API = 'https://api.example.com'
const SEALED = 'https://sealed.example.com'
const ISSUER = 'https://issuer.example.com'
const SECRET = newSecret()

let server: TestServer
let root: CallAdmin
let member: CallAdmin
let signer: Signer
let stranger: Signer
const lookups: string[] = []

beforeAll(async () => {
  signer = await makeSigner('ES256')
  stranger = await makeSigner('ES256')
  const trust = (subject: string) =>
    JSON.stringify({ issuer: ISSUER, audience: 'tessera', subject, jwks: { keys: [signer.publicJwk] } })
  const fetched = JSON.stringify({ issuer: 'https://unreachable.example.com', audience: 'tessera', subject: 'job' })
  server = await startTestServer({
    lookup: async (host) => {
      lookups.push(host)
      throw new Error('no address')
    },
    manifest: `
apis:
  - { audience: "${API}", owner: ours, scopes: [{ name: read }, { name: write, on_request: true }], token: { preset: aws-api-gateway, algorithm: ES256, lifetime: 900 } }
  - { audience: "${SEALED}", owner: ours, scopes: [{ name: open }], token: { format: sealed, lifetime: 604800 }, require: dpop }
clients:${administrator('root', permissionNames)}${administrator('member', ['groups:act'])}
  - client_id: job
    owner: ours
    scopes: [read, write, open]
    credentials: [{ label: current, secret: ${SECRET} }, { label: main, federated: ${trust('repo:main')} }, { label: dev, federated: ${trust('repo:dev')} }, { label: far, federated: ${fetched} }]
  - client_id: theirs
    owner: theirs
    scopes: [read]
    credentials: [{ secret: ${newSecret()} }, { label: theirs, federated: ${trust('repo:theirs')} }]
  - client_id: plain
    owner: ours
    scopes: [read]
    credentials: [{ secret: ${SECRET.slice(0, 4)}plain-secret-of-nobody-else }]
`,
  })
  root = await callsAs(server, 'root')
  const members = [{ kind: 'client', id: 'member', permissions: ['view'] }]
  expect((await root('PUT', '/groups/ours', { body: { members } })).status).toBe(201)
  member = await callsAs(server, 'member')
})
afterAll(() => server.stop())

async function issue(form: Record<string, string>, id = 'job', secret = SECRET): Promise<string> {
  const answer = await server.token({ grant_type: 'client_credentials', ...form }, basic(id, secret))
  return z.object({ access_token: z.string() }).parse(await answer.json()).access_token
}
const failed = (checks: { check: string; passed: boolean }[]) =>
  checks.filter(({ passed }) => !passed).map(({ check }) => check)

describe('POST /lab/tokens', () => {
  const inspect = (call: CallAdmin, body: object) => call('POST', '/lab/tokens', { body })

  test('tells everything about a good token, and the event that issued it', async () => {
    const token = await issue({ resource: API })
    await until(async () => (await inspect(root, { token })).body.issued !== undefined)
    const { status, body } = await inspect(root, { token: `  ${token}\n`, audience: API })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      format: 'jwt',
      header: { alg: 'ES256', typ: 'at+jwt' },
      claims: { client_id: 'job', scope: 'read' },
      verification: { valid: true },
      introspection: { active: true },
      issued: { client_id: 'job', type: 'token.issue', credential_label: 'current' },
    })
    expect(body.times.map(({ claim }: { claim: string }) => claim)).toEqual(['iat', 'exp'])
    expect(JSON.stringify(body)).not.toContain(token)
  })

  test('says which check fails', async () => {
    const token = await issue({ resource: API })
    const elsewhere = await inspect(root, { token, audience: SEALED })
    expect(failed(elsewhere.body.verification.checks)).toEqual(['aud'])
    const [head, claims] = token.split('.')
    const changed = await inspect(root, { token: `${head}.${claims}.${'A'.repeat(86)}` })
    expect(failed(changed.body.verification.checks)).toEqual(['signature'])
    expect(changed.body.introspection).toMatchObject({ active: false })
    expect(changed.body.introspection.checks[0].note).toBe('the signature is wrong: the token was changed')
    const jti = JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()).jti
    expect((await root('POST', '/revocations', { body: { kind: 'token', id: jti } })).status).toBe(201)
    const revoked = await inspect(root, { token })
    expect(failed(revoked.body.introspection.checks)).toEqual(['revocation'])
    expect(revoked.body.introspection.checks).toContainEqual(
      expect.objectContaining({ check: 'revocation', note: expect.stringMatching(/^by .*root/) }),
    )
  })

  test('shows a member of a group the tokens of its clients alone', async () => {
    const token = await issue({ resource: API }, 'root', 'secret of root').catch(() => undefined)
    expect(token).toBeUndefined()
    const own = await inspect(member, { token: await issue({ resource: API }) })
    expect(own.body.introspection).toMatchObject({ active: true })
    const foreign = await issue({ resource: 'urn:tessera:admin' }, 'root', 'secret of root')
    const other = await inspect(member, { token: foreign })
    expect(other.status).toBe(200)
    expect(other.body).toMatchObject({ claims: { client_id: 'root' }, verification: { valid: true } })
    expect(other.body).not.toHaveProperty('introspection')
    expect(other.body).not.toHaveProperty('issued')
  })

  test('refuses text that is no token, without repeating it', async () => {
    const { status, body } = await inspect(root, { token: 'a secret in the wrong place' })
    expect(status).toBe(422)
    expect(body.errors).toEqual([
      { pointer: '/token', detail: expect.stringMatching(/^the token is not a signed JWT/) },
    ])
    expect(JSON.stringify(body)).not.toContain('a secret')
    const sealed = await inspect(root, { token: `tsa_${'a'.repeat(60)}` })
    expect([200, 422]).toContain(sealed.status)
  })
})

describe('POST /lab/federation', () => {
  const match = (call: CallAdmin, body: object) => call('POST', '/lab/federation', { body })
  const now = () => Math.floor(Date.now() / 1000)
  const tokenOf = (changes: object = {}, by = signer) =>
    signWith(by, { iss: ISSUER, aud: 'tessera', sub: 'repo:main', iat: now(), exp: now() + 300, ...changes })

  test('finds the credential, and how the token differs from the others', async () => {
    const { status, body } = await match(root, { token: await tokenOf() })
    expect(status).toBe(200)
    expect(body).toMatchObject({ match: { client_id: 'job', credential: 'main' }, claims: { sub: 'repo:main' } })
    expect(body.credentials.map((one: { credential: string }) => one.credential)).toEqual([
      'main',
      'dev',
      'theirs',
      'far',
    ])
    expect(body.credentials[1].checks).toContainEqual(
      expect.objectContaining({ check: 'subject', passed: false, expected: 'repo:dev', received: 'repo:main' }),
    )
    expect(body.credentials[3]).not.toHaveProperty('signature')
    const events = await server.audit()
    expect(JSON.stringify(events)).not.toContain('repo:main')
  })

  test('gives the refusal of the token endpoint', async () => {
    const forged = await match(root, { token: await tokenOf({}, stranger), client_id: 'job' })
    expect(forged.body).toMatchObject({ refusal: { reason: 'federated_signature' } })
    expect(forged.body.credentials[0]).toMatchObject({ signature: 'no key of the issuer verifies it' })
    const near = await match(root, { token: await tokenOf({ sub: 'repo:other' }) })
    expect(near.body.refusal).toMatchObject({ reason: 'federated_no_match', meaning: expect.any(String) })
    const foreign = await match(root, { token: await tokenOf({ iss: 'https://other.example.com' }), client_id: 'job' })
    expect(foreign.body.refusal).toMatchObject({ reason: 'federated_issuer_unknown' })
    // The server fetches the keys of its credentials ahead of requests, and no others.
    expect(lookups.filter((host) => host !== 'unreachable.example.com')).toEqual([])
  })

  test('fetches what the token endpoint would fetch', async () => {
    const { body } = await match(root, { token: await tokenOf({ iss: 'https://unreachable.example.com', sub: 'job' }) })
    expect(body.refusal).toMatchObject({ reason: 'keys_unavailable' })
    expect(lookups).toContain('unreachable.example.com')
  })

  test('shows a member of a group its clients alone', async () => {
    expect((await match(member, { token: await tokenOf() })).status).toBe(403)
    expect((await match(member, { token: await tokenOf(), client_id: 'theirs' })).status).toBe(404)
    const own = await match(member, { token: await tokenOf({ sub: 'repo:theirs' }), client_id: 'job' })
    expect(own.body.refusal).toMatchObject({ reason: 'federated_no_match' })
    expect(JSON.stringify(own.body)).not.toContain('"theirs"')
  })

  test('refuses what is no token of an outside issuer', async () => {
    const own = await match(root, { token: unsigned({ alg: 'ES256' }, { iss: 'job', sub: 'job' }) })
    expect(own.body.errors[0]).toMatchObject({ pointer: '/token', detail: expect.stringMatching(/signs itself/) })
    expect((await match(root, { token: 'no token' })).status).toBe(422)
  })
})

describe('GET /apis/{audience}/sample-token', () => {
  const sample = (call: CallAdmin, audience: string, query: string) =>
    call('GET', `/apis/${encodeURIComponent(audience)}/sample-token?${query}`)

  test('is the token that the token endpoint issues', async () => {
    const { status, body } = await sample(root, API, 'client_id=job&scope=read+write')
    expect(status).toBe(200)
    const [head = '', claims = ''] = (await issue({ resource: API, scope: 'read write' })).split('.')
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    expect(body.header).toEqual(read(head))
    const { jti: _, iat: __, exp: ___, ...same } = read(claims)
    expect(body.claims).toMatchObject(same)
    expect(Object.keys(body.claims).sort()).toEqual(Object.keys(read(claims)).sort())
    expect(body).toMatchObject({ format: 'jwt', lifetime: 900 })
    expect(body.warnings).toEqual([expect.stringMatching(/^does not work with aws-api-gateway: it knows only RSA/)])
  })

  test('of a sealed token has no header, and has a warning', async () => {
    const { body } = await sample(root, SEALED, 'client_id=job')
    expect(body).toMatchObject({ format: 'sealed', binding: 'dpop', claims: { cnf: { jkt: expect.any(String) } } })
    expect(body).not.toHaveProperty('header')
    expect(body.warnings).toEqual([expect.stringMatching(/^the token is sealed/)])
  })

  test('is a refusal where there would be no token', async () => {
    const { status, body } = await sample(root, API, 'client_id=job&scope=delete')
    expect(status).toBe(200)
    expect(body).toEqual({
      refusal: { reason: 'scope_not_allowed', meaning: expect.any(String), detail: { refused: ['delete'] } },
      warnings: [],
    })
  })

  test('needs both the API and the client', async () => {
    expect((await sample(member, API, 'client_id=job')).status).toBe(200)
    expect((await sample(member, API, 'client_id=theirs')).status).toBe(404)
    expect((await sample(member, 'https://none.example.com', 'client_id=job')).status).toBe(404)
    expect((await sample(root, API, '')).status).toBe(400)
  })
})
