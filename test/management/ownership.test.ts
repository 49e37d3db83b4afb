import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { deleteApi } from '../../src/management/apis/delete.ts'
import { listApis } from '../../src/management/apis/list.ts'
import { deleteClient } from '../../src/management/clients/delete.ts'
import { disableClient } from '../../src/management/clients/disable.ts'
import { enableClient } from '../../src/management/clients/enable.ts'
import { addCredential } from '../../src/management/credentials/add.ts'
import { cancelRotation } from '../../src/management/credentials/cancel.ts'
import { removeCredential } from '../../src/management/credentials/remove.ts'
import { revokeCredential } from '../../src/management/credentials/revoke.ts'
import { rotateCredential } from '../../src/management/credentials/rotate.ts'
import { OwnedByManifest } from '../../src/management/ownership.ts'
import { addRevocation } from '../../src/management/revocations/add.ts'
import { apiSchema, fromApi } from '../../src/management/schemas/api.ts'
import { clientSchema, fromClient } from '../../src/management/schemas/client.ts'
import { putApi } from '../../src/management/settings/put-api.ts'
import { putClient } from '../../src/management/settings/put-client.ts'
import { Audience } from '../../src/oauth/ids.ts'
import { NotAllowed } from '../../src/platform/user-error.ts'
import { giveTo } from '../harness/ownership.ts'
import { apply, HOUR, JOB, makeModel, OFF, type TestContext } from './setting.ts'

const API = Audience('https://api.example.com')
const manifest = 'payments'

let model: Awaited<ReturnType<typeof makeModel>>
beforeAll(async () => {
  model = await makeModel()
})
afterAll(() => model.remove())

const open = async (...owned: readonly string[]) => {
  const { context, rows, close } = await model.copy()
  onTestFinished(close)
  await giveTo(context, manifest, owned)
  return { context, rows }
}

type Claim = { readonly takeOver?: boolean }
const change = (context: TestContext, claim: Claim = {}, fields: object = { name: 'changed' }) =>
  putClient(context, {
    id: JOB,
    wanted: (before) => {
      if (before === undefined || 'problem' in before) return { ...clientSchema.parse({ client_id: JOB }), ...fields }
      return { ...fromClient(before), credentials: [], ...fields }
    },
    ...claim,
  })
const changeApi = (context: TestContext, claim: Claim = {}) =>
  putApi(context, { audience: API, wanted: () => apiSchema.parse({ audience: API, name: 'changed' }), ...claim })
const [client, api] = ['the client "job"', `the API "${API}"`]
const belongs = (thing: string) =>
  `${thing} belongs to the manifest "payments": change it there, or take it over with --take-over`

/** Every verb that changes settings, or deletes. */
const verbs: Readonly<
  Record<string, readonly [thing: string, (context: TestContext, claim?: Claim) => Promise<unknown>]>
> = {
  'settings/put-client': [client, change],
  'settings/put-api': [api, changeApi],
  'clients/delete': [client, (context, claim) => deleteClient(context, { id: JOB, ...claim })],
  'apis/delete': [api, (context, claim) => deleteApi(context, { audience: API, withGrants: true, ...claim })],
}

describe.each(Object.entries(verbs))('%s of something that a manifest owns', (_name, [thing, run]) => {
  test('is a conflict that names the manifest, and writes nothing', async () => {
    const { context, rows } = await open(JOB, API)
    const before = rows.all('select count(*) from audit_event')
    await expect(run(context)).rejects.toThrow(belongs(thing))
    await expect(run(context)).rejects.toBeInstanceOf(OwnedByManifest)
    expect(rows.all('select count(*) from audit_event')).toEqual(before)
  })

  test('is made with take-over, and the event says from whom', async () => {
    const { context } = await open(JOB, API)
    await run(context, { takeOver: true })
    const [event] = await context.store.audit.listEvents({ limit: 1 })
    const changed = event?.changes?.things.find(({ id }) => thing.includes(id))
    expect(changed?.before).toMatchObject({ manifest })
    expect(changed?.after?.['manifest'] ?? null).toBeNull()
  })

  test('is refused even with take-over if the files of this server keep it', async () => {
    const { context } = await open(JOB, API)
    const served = { ...context, servedManifests: new Set([manifest]) }
    const kept = `${thing} is kept by the files of this server, in the manifest "payments": change it there`
    await expect(run(served, { takeOver: true })).rejects.toThrow(kept)
    await expect(run(served)).rejects.toThrow(kept)
    await run({ ...context, servedManifests: new Set(['other']) }, { takeOver: true })
  })
})

test('a change of nothing is no conflict, and keeps the owner; a take-over alone ends the ownership', async () => {
  const { context } = await open(JOB)
  expect(await change(context, {}, {})).toMatchObject({ client: { manifest } })
  expect(await change(context, { takeOver: true }, {})).toMatchObject({ client: { manifest: undefined } })
  expect(await change(context)).toMatchObject({ client: { name: 'changed', manifest: undefined } })
})

test('disabling and enabling by a change of settings is no conflict, if nothing else changes', async () => {
  const { context } = await open(JOB)
  expect(await change(context, {}, { enabled: false })).toMatchObject({
    client: { enabled: false, manifest, ended: { disabledAt: expect.any(Number) } },
  })
  await expect(change(context, {}, { enabled: true, name: 'changed' })).rejects.toThrow(belongs(client))
  expect(await change(context, {}, { enabled: true })).toMatchObject({ client: { enabled: true, manifest } })
})

test('verbs of incidents and rotations are no conflict, and the client stays with its manifest', async () => {
  const { context } = await open(JOB, OFF)
  const served = { ...context, servedManifests: new Set([manifest]) }
  const spec = { proof: undefined, expiresAt: undefined }
  const show = () => {}
  await disableClient(served, JOB)
  await enableClient(served, JOB)
  await addCredential(served, { client: JOB, spec: { ...spec, label: 'more' }, show })
  const rotation = { client: JOB, name: 'more', spec: { ...spec, label: 'newer' }, overlap: HOUR, show }
  await rotateCredential(served, rotation)
  await cancelRotation(served, { client: JOB, name: 'newer' })
  await revokeCredential(served, { client: JOB, name: 'more' })
  await removeCredential(served, { client: JOB, name: 'first' })
  await addRevocation(served, { kind: 'client', id: JOB })
  expect(await context.store.directory.loadClient(JOB)).toMatchObject({ manifest })
  expect(await context.store.model.ownedBy(manifest, undefined, 9)).toEqual([
    { kind: 'client', id: JOB },
    { kind: 'client', id: OFF },
  ])
})

test('an API whose clients belong to manifests is deleted only with a take-over of these clients', async () => {
  const { context } = await open(JOB)
  const deletion = { audience: API, withGrants: true }
  const owned =
    'manifests own 1 client that refers to it: take it out of them there, or take them over with --take-over'
  await expect(deleteApi(context, deletion)).rejects.toThrow(owned)
  const served = { ...context, servedManifests: new Set([manifest]) }
  await expect(deleteApi(served, { ...deletion, takeOver: true })).rejects.toThrow(
    'the files of this server keep 1 client that refers to it: take it out of them there',
  )
  expect(await deleteApi(context, { ...deletion, takeOver: true })).toBe(2)
  expect(await context.store.directory.loadClient(JOB)).toMatchObject({ scopes: [], manifest: undefined })
})

test('a client that can’t be read still belongs to its manifest, which repairs it', async () => {
  const { context, rows } = await open(JOB, API)
  rows.run("update client set scopes = 'broken' where client_id = 'job'")
  rows.run("update api set scopes = 'broken'")
  await expect(change(context)).rejects.toThrow(belongs(client))
  await expect(changeApi(context)).rejects.toThrow(belongs(api))
  await expect(deleteApi(context, { audience: API, withGrants: true })).rejects.toThrow(belongs(api))
  await expect(deleteClient(context, { id: JOB })).rejects.toThrow(belongs(client))
  expect(await change(context, { takeOver: true })).toMatchObject({ client: { manifest: undefined } })
})

test('a take-over gives no right, and one without rights does not learn the owner', async () => {
  const { context } = await open(JOB)
  const reader = { ...context, authority: { ...context.authority, everywhere: new Set(['clients:read' as const]) } }
  for (const takeOver of [false, true]) await expect(change(reader, { takeOver })).rejects.toBeInstanceOf(NotAllowed)
})

test('a client made anew after its deletion belongs to no manifest', async () => {
  const { context } = await open(JOB)
  await deleteClient(context, { id: JOB, takeOver: true })
  await change(context)
  expect(await context.store.directory.loadClient(JOB)).toMatchObject({ name: 'changed', manifest: undefined })
  expect(await context.store.model.ownedBy(manifest, undefined, 9)).toEqual([])
})

test('lists of APIs filter by the manifest', async () => {
  const { context } = await open(API)
  await apply(context, 'apis: [{ audience: "https://other.example.com" }]')
  const audiences = async (filter: Parameters<typeof listApis>[2]['filter']) => {
    const { items } = await listApis(context, 'all', { filter, sort: 'audience', most: 9 })
    return items.map((one) => fromApi(apiOf(one)).audience)
  }
  expect(await audiences({ manifest })).toEqual([API])
  expect(await audiences({ hasNoManifest: true })).toEqual(['https://other.example.com'])
  expect(await audiences({ manifest: 'other' })).toEqual([])
})

function apiOf(one: Awaited<ReturnType<typeof listApis>>['items'][number]) {
  if ('problem' in one) throw new Error(one.problem)
  return one
}
