import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { claimsOf } from '../../harness/assertions.ts'
import { newSecret } from '../../harness/model.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'
import { makeSigner, type Signer, signWith } from '../../harness/tokens.ts'

const API = 'https://api.example.com'
const SECRET = newSecret()
const CHOSEN = 'a secret that somebody chose'

let server: TestServer
let root: CallAdmin
let member: CallAdmin
let signer: Signer

beforeAll(async () => {
  signer = await makeSigner('ES256')
  server = await startTestServer({
    manifest: `
apis:
  - audience: ${API}
    owner: ours
    token: { lifetime: 900 }
    scopes: [{ name: read }, { name: write }, { name: all, includes: [read, write] }, { name: ping, common: true }]
clients:${administrator('root', permissionNames)}${administrator('member', ['groups:act'])}
  - client_id: job
    owner: ours
    grants: [{ api: "${API}", scopes: [all] }]
    credentials: [{ label: current, secret: ${SECRET} }, { label: keys, jwks: { keys: [${JSON.stringify(signer.publicJwk)}] } }]
  - { client_id: chosen, owner: ours, scopes: [read], credentials: [{ secret: ${CHOSEN} }] }
  - { client_id: theirs, owner: theirs, scopes: [read], credentials: [{ secret: ${SECRET.slice(0, -1)}x0 }] }
`,
  })
  root = await callsAs(server, 'root')
  member = await callsAs(server, 'member')
  const members = [{ kind: 'client', id: 'member', permissions: ['rotate', 'view'] }]
  expect((await root('PUT', '/groups/ours', { body: { members } })).status).toBe(201)
  member = await callsAs(server, 'member')
})
afterAll(() => server.stop())

const basicTry = { client_id: 'job', method: 'client_secret_basic', client_secret: SECRET }
const tryOut = (call: CallAdmin, body: object) => call('POST', '/lab/token-requests', { body })
const step = (body: { explanation: { steps: { step: string; result: string; why: string }[] } }, name: string) =>
  body.explanation.steps.filter((one) => one.step === name).map(({ result, why }) => `${result}: ${why}`)

describe('POST /lab/token-requests', () => {
  test('gets a token as the client would, with the steps that led to it', async () => {
    const { status, body } = await tryOut(root, { ...basicTry, scope: 'all ping', resource: [API] })
    expect(status).toBe(200)
    expect(body.response.status).toBe(200)
    const answered = JSON.parse(body.response.body)
    expect(answered).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'read write ping' })
    expect(body.response.headers).toMatchObject({ 'Cache-Control': 'no-store', 'X-Request-Id': body.request_id })
    expect(body.request).toEqual({
      method: 'POST',
      url: `${server.issuer}/as/token.oauth2`,
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        Authorization: 'Basic <base64 of job:client_secret>',
      },
      body: `grant_type=client_credentials&scope=all+ping&resource=${encodeURIComponent(API)}`,
    })
    expect(body.explanation).toMatchObject({ client_id: 'job', result: 'success', request_id: body.request_id })
    expect(step(body, 'credential')).toEqual([expect.stringMatching(/^current: the secret .*it never expires$/)])
    expect(step(body, 'api')).toEqual([`${API}: the request named it`])
    expect(step(body, 'scope')).toEqual([
      `read: a member of a group that was asked for; a grant gives it at ${API} as all`,
      `write: a member of a group that was asked for; a grant gives it at ${API} as all`,
      `ping: asked for; it is common to all clients of ${API}`,
    ])
    expect(step(body, 'profile')).toEqual([`jwt, ES256, at+jwt: the settings of ${API}`])
    expect(step(body, 'lifetime')).toEqual([`15 min: token.lifetime of ${API}`])
    expect(step(body, 'binding')).toEqual(['none: nothing requires a key, and the request proved none'])
  })

  test('is recorded under the address and the name of its author, without the secret', async () => {
    const { body } = await tryOut(root, { ...basicTry, method: 'client_secret_post' })
    expect(body.request.body).toBe('grant_type=client_credentials&client_id=job&client_secret=<client_secret>')
    const [event, ...others] = await server.audit(body.request_id)
    expect(others).toEqual([])
    expect(event).toMatchObject({
      type: 'token.issue',
      result: 'success',
      clientId: 'job',
      remoteAddress: expect.stringMatching(/^(::1|127\.0\.0\.1)$/),
      actor: { kind: 'client', clientId: 'root' },
    })
    expect(JSON.stringify([event, body.request, body.explanation])).not.toContain(SECRET)
    const { items } = (await root('GET', `/explanations?request=${body.request_id}`)).body
    expect(items[0].steps).toContainEqual(expect.objectContaining({ step: 'scope', result: 'read' }))
  })

  test('explains a refusal, and is a success of the operation', async () => {
    const { status, body } = await tryOut(root, { ...basicTry, client_secret: `${CHOSEN}!`, other: { color: 'blue' } })
    expect(status).toBe(200)
    expect(body.response.status).toBe(401)
    expect(body.response.headers['WWW-Authenticate']).toBe(`Basic realm="${server.issuer}", charset="UTF-8"`)
    expect(JSON.parse(body.response.body)).toMatchObject({ error: 'invalid_client' })
    expect(body.explanation).toMatchObject({ reason: 'wrong_secret', answered: { status: 401 } })
    expect(body.explanation).not.toHaveProperty('steps')
    expect(body.request.body).toContain('color=blue')
    expect(JSON.stringify([body, await server.audit(body.request_id)])).not.toContain(CHOSEN)
  })

  test('takes an assertion once', async () => {
    const now = Math.floor(Date.now() / 1000)
    const client_assertion = await signWith(signer, claimsOf(server.issuer, 'job', now))
    const given = { method: 'private_key_jwt', client_assertion, scope: 'read', resource: [API] }
    const { body } = await tryOut(root, given)
    expect(body.response.status).toBe(200)
    expect(body.request.body).toContain('client_assertion=<client_assertion>')
    expect(step(body, 'method')[0]).toMatch(/^private_key_jwt: /)
    const again = await tryOut(root, given)
    expect(again.body.explanation).toMatchObject({ reason: 'assertion_replayed' })
  })

  test('counts wrong secrets as the token endpoint does, and stops guessing', async () => {
    const guess = (index: number) =>
      tryOut(root, { client_id: 'chosen', method: 'client_secret_basic', client_secret: `guess ${index}` })
    const statuses: number[] = []
    for (let index = 0; index < 40 && statuses.at(-1) !== 429; index += 1)
      statuses.push((await guess(index)).body.response.status)
    expect(statuses.at(-1)).toBe(429)
    const right = { client_id: 'chosen', method: 'client_secret_basic', client_secret: CHOSEN }
    const { body } = await tryOut(root, right)
    expect(body.response.status).toBe(429)
    expect(body.explanation).toMatchObject({ reason: 'too_many_guesses' })
    const outside = await server.token({
      grant_type: 'client_credentials',
      client_id: 'chosen',
      client_secret: CHOSEN,
    })
    expect(outside.status).toBe(429)
  })

  test('lets a member of a group try the clients of the group alone', async () => {
    expect((await tryOut(member, basicTry)).body.explanation).toMatchObject({ result: 'success' })
    for (const client_id of ['theirs', 'nobody']) {
      const { status, body } = await tryOut(member, { ...basicTry, client_id })
      expect({ status, detail: body.detail }).toEqual({ status: 404, detail: `there is no client "${client_id}"` })
    }
    const nameless = await tryOut(member, { method: 'none' })
    expect(nameless.status).toBe(422)
  })

  test('keeps nothing under an Idempotency-Key', async () => {
    const options = { body: basicTry, headers: { 'idempotency-key': 'once' } }
    const one = await root('POST', '/lab/token-requests', options)
    const other = await root('POST', '/lab/token-requests', options)
    expect(one.body.request_id).not.toBe(other.body.request_id)
  })

  test.each([
    ['no secret', { client_id: 'job', method: 'client_secret_basic' }, '/client_secret'],
    ['no assertion', { method: 'private_key_jwt' }, '/client_assertion'],
    ['no client', { method: 'client_secret_post', client_secret: 'x' }, '/client_id'],
    ['another grant', { ...basicTry, other: { grant_type: 'password' } }, '/other'],
    ['a certificate', { client_id: 'job', method: 'tls_client_auth' }, '/method'],
  ])('refuses %s with its place', async (_, body, pointer) => {
    const answer = await tryOut(root, body)
    expect(answer.status).toBe(422)
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ pointer }))
  })

  test('refuses a request larger than a client may send', async () => {
    const other = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`p${index}`, 'x'.repeat(4_000)]))
    const { status, body } = await tryOut(root, { ...basicTry, other })
    expect(status).toBe(422)
    expect(body.errors[0].detail).toMatch(/over 65536 bytes/)
  })
})
