import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { newSecret } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { until } from '../../harness/until.ts'

const [API, OTHER] = ['https://api.example.com', 'https://other.example.com']
const [SECRET, THEIRS] = [newSecret(), newSecret()]
const PATH = `/apis/${encodeURIComponent(API)}`

let server: TestServer
let root: CallAdmin
let member: CallAdmin
let blind: CallAdmin

beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis:
  - { audience: "${API}", owner: ours, scopes: [{ name: read }, { name: write }, { name: all, includes: [read, write] }, { name: ping, common: true }] }
  - { audience: "${OTHER}", owner: ours, scopes: [{ name: open }, { name: "orders:*" }, { name: health }, { name: base, includes: [health], common: true }] }
clients:${administrator('root', permissionNames)}${administrator('member', ['groups:act'])}${administrator('blind', ['clients:read', 'apis:read'])}
  - client_id: job
    owner: ours
    scopes: [open, "orders:*"]
    grants: [{ api: "${API}", scopes: [all] }]
    credentials: [{ label: current, secret: ${SECRET} }, { label: unused }]
  - { client_id: theirs, owner: theirs, scopes: [read], credentials: [{ label: first, secret: ${THEIRS} }] }
  - { client_id: idle, owner: ours, scopes: ["write"] }
`,
  })
  root = await callsAs(server, 'root')
  const members = [{ kind: 'client', id: 'member', permissions: ['view'] }]
  expect((await root('PUT', '/groups/ours', { body: { members } })).status).toBe(201)
  member = await callsAs(server, 'member')
  blind = await callsAs(server, 'blind')
  const ask = async (id: string, secret: string, resource: string, scope: string) => {
    const { headers } = await server.token({ grant_type: 'client_credentials', resource, scope }, basic(id, secret))
    await server.audit(headers.get('x-request-id'))
  }
  await ask('job', SECRET, API, 'read ping')
  await ask('job', SECRET, API, 'ping')
  await ask('job', SECRET, OTHER, 'open orders:7')
  await ask('job', newSecret(), API, 'read')
  await ask('theirs', THEIRS, API, 'read')
  await until(async () => (await root('GET', '/clients/theirs/effect')).body.recent.day.issued === 1)
})
afterAll(() => server.stop())

const here = expect.stringMatching(/^(::1|127\.0\.0\.1)$/)
const time = expect.stringMatching(/^2\d{3}-/)

describe('GET …/effect', () => {
  test('of a client has its recent requests, APIs and addresses', async () => {
    const { body } = await root('GET', '/clients/job/effect')
    const counts = { issued: 3, refused: 1 }
    expect(body.recent).toEqual({ hour: counts, day: counts, week: counts })
    expect(body.apis).toEqual([
      { audience: API, issued: 2 },
      { audience: OTHER, issued: 1 },
    ])
    expect(body.addresses).toEqual([{ address: here, last_used_at: time, requests: 4 }])
    const idle = (await root('GET', '/clients/idle/effect')).body
    expect(idle).toMatchObject({
      apis: [API, OTHER].map((audience) => ({ audience, issued: 0 })),
      addresses: [],
      recent: { week: { issued: 0 } },
    })
  })

  test('of a credential has those made with it', async () => {
    const { body } = await root('GET', '/clients/job/credentials/current/effect')
    expect(body.recent.week).toEqual({ issued: 3, refused: 0 })
    expect(body.apis).toEqual([
      { audience: API, issued: 2 },
      { audience: OTHER, issued: 1 },
    ])
    expect(body.addresses).toEqual([{ address: here, last_used_at: time, requests: 3 }])
    const unused = (await root('GET', '/clients/job/credentials/unused/effect')).body
    expect(unused).toMatchObject({ apis: [], addresses: [], recent: { week: { issued: 0, refused: 0 } } })
  })

  test('names an address to those alone who may read audit events', async () => {
    for (const path of ['/clients/job/effect', '/clients/job/credentials/current/effect']) {
      expect((await member('GET', path)).body).toMatchObject({ last_used: time, last_address: here })
      const seen = (await blind('GET', path)).body
      expect(seen).toMatchObject({ last_used: time })
      expect(seen).not.toHaveProperty('addresses')
      expect(seen).not.toHaveProperty('last_address')
    }
  })

  test('of an API counts what the caller may see', async () => {
    expect((await root('GET', `${PATH}/effect`)).body).toMatchObject({
      recent: { week: { issued: 3 } },
      addresses: [{ address: here, requests: 3 }],
    })
    const seen = (await member('GET', `${PATH}/effect`)).body
    expect(seen).toMatchObject({ recent: { week: { issued: 2 } }, addresses: [{ requests: 2 }] })
    const without = (await blind('GET', `${PATH}/effect`)).body
    expect(without).not.toHaveProperty('recent')
    expect(without).not.toHaveProperty('addresses')
  })
})

describe('GET /apis/{audience}/scopes/{scope}/effect', () => {
  test('names the clients that lose it, the settings that give it, and its last use', async () => {
    const { body } = await root('GET', `${PATH}/scopes/read/effect`)
    expect(body).toEqual({
      common: false,
      groups: ['all'],
      clients: {
        count: 2,
        is_more: false,
        some: [
          { client_id: 'job', given: [`a grant gives it at ${API} as all`], last_used: time },
          { client_id: 'theirs', given: ['scopes of the client gives it at every API'], last_used: time },
        ],
      },
      last_used: time,
    })
    const write = (await root('GET', `${PATH}/scopes/write/effect`)).body
    expect(write.clients.some.map((one: { client_id: string }) => one.client_id)).toEqual(['idle', 'job'])
    expect(write).not.toHaveProperty('last_used')
    expect((await root('GET', `${PATH}/scopes/ping/effect`)).body).toMatchObject({ common: true, last_used: time })
  })

  test('of a group or a pattern counts the tokens with its members and values, and of a member of a common group names all clients', async () => {
    const effectOf = async (audience: string, scope: string) =>
      (await root('GET', `/apis/${encodeURIComponent(audience)}/scopes/${encodeURIComponent(scope)}/effect`)).body
    expect(await effectOf(API, 'all')).toMatchObject({ last_used: time })
    expect(await effectOf(OTHER, 'orders:*')).toMatchObject({
      clients: { some: [{ client_id: 'job', last_used: time }] },
      last_used: time,
    })
    expect(await effectOf(OTHER, 'health')).toMatchObject({ common: true, groups: ['base'] })
    const { items } = (await root('GET', `/apis/${encodeURIComponent(OTHER)}/clients`)).body
    expect(items).toMatchObject([{ client_id: 'job', last_used: time }])
    expect(items[0].scopes).toContainEqual({ name: 'orders:*', given_by: 'own', last_used: time })
    expect(items[0].scopes).toContainEqual({ name: 'health', given_by: 'common' })
  })

  test('names to a member of a group its clients alone', async () => {
    const { body } = await member('GET', `${PATH}/scopes/read/effect`)
    expect(body.clients).toMatchObject({ count: 2, some: [{ client_id: 'job' }] })
    expect(body.clients.some).toHaveLength(1)
  })

  test('is a 404 without such a scope or API', async () => {
    expect((await root('GET', `${PATH}/scopes/delete/effect`)).status).toBe(404)
    expect((await root('GET', `/apis/none/scopes/read/effect`)).status).toBe(404)
  })
})

describe('GET /keys/{kid}/effect', () => {
  test('says until when tokens live, and who has the key that would sign', async () => {
    const { items } = (await root('GET', '/keys')).body
    const active = items.find(
      (key: { state: string; algorithm: string }) => key.state === 'active' && key.algorithm === 'ES256',
    )
    const { status, body } = await root('GET', `/keys/${active.kid}/effect`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ key: { kid: active.kid, state: 'active' }, tokens_until: time })
    expect(Date.parse(body.tokens_until)).toBeGreaterThan(Date.now() + 3_600_000)
    const pending = items.find((key: { state: string }) => key.state === 'pending')
    if (pending === undefined) expect(body).not.toHaveProperty('successor')
    else expect(body.successor).toMatchObject({ kid: pending.kid, state: 'pending' })
    expect((await root('GET', '/keys/none/effect')).status).toBe(404)
    expect((await member('GET', `/keys/${active.kid}/effect`)).status).toBe(403)
  })
})
