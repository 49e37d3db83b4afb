import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { managementContext } from '../../../src/cli/database.ts'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { openStore } from '../../../src/store/open.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { giveTo } from '../../harness/ownership.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'

const API = 'https://api.example.com'
const apiPath = `/apis/${encodeURIComponent(API)}`
const manifest = 'payments'
const MODEL = `
apis: [{ audience: ${API}, scopes: [{ name: read }, { name: write }] }]
clients:${administrator('root', permissionNames)}
  - { client_id: job, scopes: [read] }
  - { client_id: free }
`

let server: TestServer
let call: CallAdmin
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL })
  call = await callsAs(server, 'root')
})
afterAll(() => server.stop())
beforeEach(async () => {
  await server.apply(MODEL)
  const store = await openStore(server.config.storage, systemClock)
  await giveTo(managementContext({ options: server.config, store }), manifest, ['job', API])
  await store.close()
})

/** Changes something in the state that it has now. */
const change = async (method: string, path: string, body?: unknown, query = '') => {
  const { headers } = await call('GET', path.replace(/\/scopes\/.*/, ''))
  const tag = headers.get('etag')
  return call(method, `${path}${query}`, {
    ...(body !== undefined && { body }),
    ...(tag !== null && { headers: { 'if-match': tag } }),
  })
}

describe.each<[name: string, method: string, path: string, body?: unknown]>([
  ['PUT of a client', 'PUT', '/clients/job', { name: 'Job' }],
  ['PATCH of a client', 'PATCH', '/clients/job', { name: 'Job' }],
  ['PATCH that disables and does more', 'PATCH', '/clients/job', { enabled: false, name: 'Job' }],
  ['PUT of a grant', 'PUT', `/clients/job/grants/${encodeURIComponent(API)}`, { scopes: ['write'] }],
  ['DELETE of a client', 'DELETE', '/clients/job'],
  ['PUT of an API', 'PUT', apiPath, { name: 'API' }],
  ['PATCH of an API', 'PATCH', apiPath, { name: 'API' }],
  ['PUT of a scope', 'PUT', `${apiPath}/scopes/read`, { description: 'Read' }],
  ['DELETE of a scope', 'DELETE', `${apiPath}/scopes/write`],
  ['DELETE of an API', 'DELETE', apiPath],
])('%s', (name, method, path, body) => {
  const more = name === 'DELETE of an API' ? '&with_grants=true' : ''
  test('is a conflict of its own type', async () => {
    const thing = path.startsWith('/clients') ? 'the client "job"' : `the API "${API}"`
    expect(await change(method, path, body, `?${more.slice(1)}`)).toMatchObject({
      status: 409,
      body: {
        type: '/api/v1/problems/owned-by-manifest',
        detail: `${thing} belongs to the manifest "payments": change it there, or take it over with --take-over`,
      },
    })
  })

  test('is made with take_over, and the thing is then nobody’s', async () => {
    expect(await change(method, path, body, `?take_over=true${more}`)).toMatchObject({
      status: expect.toSatisfy((one) => one < 300),
    })
    const owned = [
      ...(await call('GET', `/clients?manifest=${manifest}`)).body.items,
      ...(await call('GET', `/apis?manifest=${manifest}`)).body.items,
    ]
    expect(owned.map((one) => one.client_id ?? one.audience)).toEqual(
      // Deleting the API takes it out of the client.
      name === 'DELETE of an API' ? [] : [path.startsWith('/clients') ? API : 'job'],
    )
  })
})

test('a PATCH of enabled alone, disabling, enabling and credentials are no conflict', async () => {
  const patched = await change('PATCH', '/clients/job', { enabled: false })
  expect(patched).toMatchObject({ status: 200, body: { enabled: false, status: { manifest } } })
  expect(await change('PATCH', '/clients/job', { enabled: true })).toMatchObject({ status: 200 })
  for (const verb of ['disable', 'enable'])
    expect(await call('POST', `/clients/job/${verb}`)).toMatchObject({ status: 200, body: { status: { manifest } } })
  const added = await call('POST', '/clients/job/credentials', { body: {} })
  expect(added.status).toBe(201)
  const path = `/clients/job/credentials/${added.body.id}`
  expect(await call('POST', `${path}/revoke`)).toMatchObject({ status: 200 })
  expect(await change('DELETE', path)).toMatchObject({ status: expect.toSatisfy((one) => one < 300) })
})

test('the owner is shown, chosen and counted by, and not set', async () => {
  expect((await call('GET', '/clients/job')).body.status).toEqual({ manifest })
  expect((await call('GET', apiPath)).body).toMatchObject({ manifest })
  const listed = async (query: string) =>
    (await call('GET', `/clients?${query}`)).body.items.map(
      (one: { readonly client_id: string; readonly manifest?: string }) => [one.client_id, one.manifest],
    )
  expect(await listed(`manifest=${manifest}`)).toEqual([['job', manifest]])
  expect(await listed('no_manifest=true&search=fr')).toEqual([['free', undefined]])
  expect((await call('GET', `/counts/clients?manifest=${manifest}`)).body).toEqual({ count: 1, is_more: false })
  expect((await call('GET', '/apis?no_manifest=true')).body.items).toEqual([])
  for (const [path, body] of [
    ['/clients/free', { manifest }],
    ['/clients/free', { status: { manifest } }],
    [apiPath, { manifest: 'other' }],
  ] as const)
    expect(await change('PATCH', path, body), path).toMatchObject({ status: 422 })
  expect(await change('PUT', '/clients/free', { manifest })).toMatchObject({ status: 422 })
  expect(await change('PUT', apiPath, { manifest })).toMatchObject({ status: 422 })
})
