import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { deleteApi } from '../../src/management/apis/delete.ts'
import { apiEffect } from '../../src/management/apis/effect.ts'
import type { Permission } from '../../src/management/authority/permissions.ts'
import { deleteClient } from '../../src/management/clients/delete.ts'
import { clientEffect } from '../../src/management/clients/effect.ts'
import { credentialEffect } from '../../src/management/credentials/effect.ts'
import type { GroupPermission } from '../../src/model/group.ts'
import { Audience, ClientId } from '../../src/oauth/ids.ts'
import { apply, HOUR, JOB, makeModel, TEAM } from './setting.ts'

const API = 'https://api.example.com'

let model: Awaited<ReturnType<typeof makeModel>>
beforeAll(async () => {
  model = await makeModel()
})
afterAll(() => model.remove())

const open = async () => {
  const setting = await model.copy()
  onTestFinished(setting.close)
  return setting
}

test('an API that clients refer to stays, unless it is deleted with its grants', async () => {
  const { context } = await open()
  await apply(
    context,
    `apis: [{ audience: "https://other.example.com", scopes: [{ name: read }] }]
clients:
  - { client_id: both, scopes: [edit, read], default_scopes: [edit, read] }
  - { client_id: granted, grants: [{ api: "${API}", scopes: [edit], default_scopes: [edit] }], default_api: "${API}" }
  - { client_id: reader, introspects: ["${API}", "https://other.example.com"] }
  - { client_id: unrelated, scopes: [read], grants: [{ api: "https://other.example.com", scopes: [read] }] }`,
  )
  const remaining = { audience: API, withGrants: false }
  await expect(deleteApi(context, remaining)).rejects.toThrow(/^6 clients have scopes at https:\/\/api\.example\.com/)
  expect(await apiEffect(context, API)).toMatchObject({ clients: { count: 6, isMore: false } })
  expect(await deleteApi(context, { audience: API, withGrants: true })).toBe(6)
  const { clients, apis } = await context.store.model.snapshot(
    ['both', 'granted', 'reader', 'unrelated', JOB].map(ClientId),
  )
  expect([...apis.keys()]).toEqual(['https://other.example.com'])
  expect(clients.get(ClientId('both'))).toMatchObject({ scopes: ['read'], defaultScopes: ['read'] })
  expect(clients.get(ClientId('granted'))).toMatchObject({ grants: [], defaultApi: undefined })
  expect(clients.get(ClientId('reader'))).toMatchObject({ introspects: ['https://other.example.com'] })
  expect(clients.get(ClientId('unrelated'))).toMatchObject({ scopes: ['read'], grants: [{ scopes: ['read'] }] })
  expect(clients.get(JOB)).toMatchObject({ scopes: [], credentials: { all: { length: 4 } } })
})

test('an API without clients is deleted, even an unreadable one', async () => {
  const { context, rows } = await open()
  await apply(context, 'apis: [{ audience: "https://lonely.example.com" }]')
  rows.run("update api set scopes = 'broken' where audience = 'https://lonely.example.com'")
  expect(await deleteApi(context, { audience: 'https://lonely.example.com', withGrants: false })).toBe(0)
  expect((await context.store.directory.loadApis()).unreadable).toEqual([])
})

test('an API of more than 10,000 clients is not deleted with its grants', async () => {
  const { context, rows } = await open()
  rows.run(`with recursive n (i) as (select 1 union all select i + 1 from n where i < 10001)
    insert into client (tenant, client_id, tags, enabled, grant_types, scopes, default_scopes, token, created_at, updated_at)
    select 'default', 'many ' || i, '[]', 1, '[]', '["edit"]', '[]', '{}', 1, 1 from n`)
  const deleting = deleteApi(context, { audience: API, withGrants: true })
  await expect(deleting).rejects.toThrow(/^more than 10000 clients .* take it out of some of them first$/)
  expect(await apiEffect(context, API)).toMatchObject({
    clients: { count: 10_000, isMore: true },
    some: { length: 100 },
  })
  rows.run("delete from client where client_id in ('many 1', 'many 2', 'many 3')")
  expect(await deleteApi(context, { audience: API, withGrants: true })).toBe(10_000)
})

test('the effect on a client names its APIs, groups and credentials, and its last use', async () => {
  const { context } = await open()
  const { store, clock } = context
  await store.revocations.noteLifetime(2 * HOUR)
  const first = (await store.credentials.listCredentials(JOB))?.found[0]?.credential
  if (first === undefined) throw new Error('the client has no credential')
  expect(await clientEffect(context, JOB)).toEqual({
    apis: [API],
    credentials: 4,
    groups: [TEAM],
    lastUsedAt: undefined,
    lastAddress: undefined,
    tokensUntil: undefined,
  })
  const now = clock.now()
  await store.credentials.noteUses([{ id: first.id, at: now - HOUR }])
  const issued = (remoteAddress: string, credential: string, result: 'success' | 'refused' = 'success') => ({
    ...{
      tenant: context.tenant,
      at: now - HOUR,
      type: 'token.issue' as const,
      result,
      reason: undefined,
      clientId: JOB,
    },
    ...{ remoteAddress, requestId: 'r', traceId: undefined, detail: { credential } },
  })
  await store.audit.append([
    issued('192.0.2.1', first.id),
    issued('192.0.2.2', 'another'),
    issued('192.0.2.3', first.id, 'refused'),
  ])
  expect(await clientEffect(context, JOB)).toMatchObject({
    lastUsedAt: now - HOUR,
    lastAddress: '192.0.2.2',
    tokensUntil: now + HOUR + 120_000,
  })
  expect(await credentialEffect(context, { client: JOB, name: first.id })).toEqual({
    credential: first.id,
    isLast: false,
    lastUsedAt: now - HOUR,
    lastAddress: '192.0.2.1',
    tokensUntil: now + HOUR + 120_000,
  })
})

test('the effect on a client names a group only to its members, and to those who may see groups', async () => {
  const { context } = await open()
  await apply(context, 'clients: [{ client_id: job, owner: ours, scopes: [edit] }]')
  const groupsFor = async (groups: readonly string[], ...everywhere: Permission[]) => {
    const within = new Map(groups.map((group) => [group, new Set<GroupPermission>(['view'])]))
    const authority = { everywhere: new Set(everywhere), within }
    return (await clientEffect({ ...context, authority }, JOB)).groups
  }
  expect(await groupsFor(['ours'])).toEqual([])
  expect(await groupsFor([], 'clients:read')).toEqual([])
  expect(await groupsFor(['ours', TEAM])).toEqual([TEAM])
  expect(await groupsFor(['ours'], 'groups:read')).toEqual([TEAM])
})

test('the effect of deleting a credential says that it is the last', async () => {
  const { context } = await open()
  await apply(
    context,
    'clients: [{ client_id: one, credentials: [{ label: only }, { label: old, expires: "2029-01-01T00:00:00Z" }] }]',
  )
  const effect = (name: string) => credentialEffect(context, { client: ClientId('one'), name })
  expect(await effect('only')).toMatchObject({ isLast: true, tokensUntil: undefined })
  expect(await effect('old')).toMatchObject({ isLast: false })
})

test('clients and APIs that do not exist can not be deleted, and have no effect', async () => {
  const { context } = await open()
  const gone = ClientId('gone')
  await expect(deleteClient(context, { id: gone })).rejects.toThrow('there is no client "gone"')
  await expect(clientEffect(context, gone)).rejects.toThrow('there is no client "gone"')
  await expect(deleteApi(context, { audience: 'https://gone', withGrants: true })).rejects.toThrow('there is no API')
  await expect(apiEffect(context, 'https://gone')).rejects.toThrow('there is no API "https://gone"')
})

test('a check refuses a deletion', async () => {
  const { context } = await open()
  const check = () => {
    throw new Error('changed meanwhile')
  }
  await expect(deleteClient(context, { id: JOB, check })).rejects.toThrow('changed meanwhile')
  await expect(deleteApi(context, { audience: API, withGrants: true, check })).rejects.toThrow('changed meanwhile')
  expect(await context.store.directory.loadClient(JOB)).toBeDefined()
  expect((await context.store.model.snapshot([])).apis.has(Audience(API))).toBe(true)
})

test('an unreadable client is deleted', async () => {
  const { context, rows } = await open()
  rows.run("update client set scopes = 'broken' where client_id = 'job'")
  await deleteClient(context, { id: JOB })
  expect(await context.store.directory.loadClient(JOB)).toBeUndefined()
})
