import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ApplyInput } from '../../../src/management/manifest/apply.ts'
import { parseManifest } from '../../../src/management/manifest/reading/parse.ts'
import { Audience, ClientId } from '../../../src/oauth/ids.ts'
import { giveTo } from '../../harness/ownership.ts'
import { apply, JOB, MANIFEST, makeModel, TEAM } from '../setting.ts'

const API = 'https://api.example.com'
const WORK = ClientId('work')
const renamedClient = MANIFEST.replace('client_id: job', 'client_id: work\n    renamed_from: job')

let model: Awaited<ReturnType<typeof makeModel>>
beforeAll(async () => {
  model = await makeModel()
})
afterAll(() => model.remove())

async function open() {
  const { context, close } = await model.copy()
  onTestFinished(close)
  const { store } = context
  return {
    context,
    store,
    run: (manifest: string, options: Partial<ApplyInput> = {}) => apply(context, manifest, options),
    state: () => store.model.snapshot([JOB, WORK, ClientId('off'), ClientId('other')]),
  }
}

describe('a renamed client', () => {
  test('keeps its credentials with their last use, its places in groups, and what a command made', async () => {
    const { run, store, state } = await open()
    const before = (await state()).clients.get(JOB)?.credentials.all ?? []
    const [first] = before
    if (first === undefined) throw new Error('the client has no credential')
    await store.credentials.noteUses([{ id: first.id, at: 5_000 }])
    const plan = await run(renamedClient, { allowDestroy: false })
    const changes = [{ field: 'client_id', before: 'job', after: 'work' }]
    expect(plan.steps).toContainEqual({ action: 'rename', kind: 'client', id: 'work', from: 'job', changes })
    const { clients } = await state()
    expect(clients.has(JOB)).toBe(false)
    const ids = (all: readonly { readonly id: string }[] = []) => all.map(({ id }) => id).sort()
    expect(ids(clients.get(WORK)?.credentials.all)).toEqual(ids(before))
    expect(await store.model.lastUses([first.id])).toEqual(new Map([[first.id, 5_000]]))
    expect(await store.groups.loadGroup(TEAM)).toMatchObject({ members: [{ kind: 'client', id: 'work' }] })
    const [event] = await store.audit.listEvents({ limit: 1 })
    const things = event?.changes?.things.map(({ thing, id }) => `${thing} ${id}`)
    expect(things).toEqual(expect.arrayContaining(['client work', 'client job', `group ${TEAM}`]))
  })

  test('stays as it is when the manifest is applied again', async () => {
    const { run } = await open()
    await run(renamedClient)
    const again = await run(renamedClient)
    expect(again.steps.every(({ action }) => action === 'unchanged')).toBe(true)
    expect(again.deleted.clients).toEqual([])
  })

  test('stays disabled if a command disabled it', async () => {
    const { run, state } = await open()
    const { warnings } = await run('clients: [{ client_id: other, renamed_from: off, scopes: [edit] }]')
    expect(warnings).toEqual([expect.stringContaining('"other" stays disabled: a command disabled it on')])
    expect((await state()).clients.get(ClientId('other'))).toMatchObject({ enabled: false })
  })

  test('of another manifest is a conflict', async () => {
    const { run, context } = await open()
    await giveTo(context, 'orders', ['off'])
    const manifest = 'clients: [{ client_id: other, renamed_from: off, scopes: [edit] }]'
    await expect(run(manifest)).rejects.toThrow('belongs to the manifest "orders"')
    await run(manifest, { takeOver: true })
  })

  test('doesn’t hide the end of a credential or of a scope', async () => {
    const { run, store, state } = await open()
    const used = (await state()).clients.get(JOB)?.credentials.all.find(({ label }) => label === 'first')
    if (used === undefined) throw new Error('the client has no credential')
    await store.credentials.noteUses([{ id: used.id, at: 5_000 }])
    await expect(run('clients: [{ client_id: work, renamed_from: job }]', { allowDestroy: false })).rejects.toThrow(
      'this would end 1 scope of a client, 1 credential in use',
    )
  })
})

describe('a renamed API or scope', () => {
  const scopes = (text: string) => `apis: [{ audience: "${API}", scopes: [${text}] }]`

  test('takes the clients that use it along, without a loss', async () => {
    const { run, state } = await open()
    await run(`clients: [{ client_id: other, grants: [{ api: "${API}", scopes: [edit] }], default_api: "${API}" }]`)
    const renamed = `apis: [{ audience: "https://new.example.com", renamed_from: "${API}", scopes: [{ name: write, renamed_from: edit }, { name: read }] }]`
    const plan = await run(renamed, { allowDestroy: false })
    expect(plan.losses).toEqual([])
    const { apis, clients } = await state()
    expect([...apis.keys()]).toEqual(['https://new.example.com'])
    expect(clients.get(JOB)).toMatchObject({ scopes: ['write'] })
    expect(clients.get(ClientId('other'))).toMatchObject({
      grants: [{ api: 'https://new.example.com', scopes: ['write'] }],
      defaultApi: 'https://new.example.com',
    })
    expect((await run(renamed)).steps.map(({ action }) => action)).toEqual(['unchanged'])
  })

  test('keeps the old name of a scope at another API', async () => {
    const { run, state } = await open()
    await run('apis: [{ audience: "https://two.example.com", scopes: [{ name: edit }] }]')
    await run(scopes('{ name: write, renamed_from: edit }, { name: read }'))
    expect((await state()).clients.get(JOB)?.scopes).toEqual(['edit', 'write'])
  })

  test('doesn’t hide the end of another scope, or of an owner', async () => {
    const { run } = await open()
    await run(`apis: [{ audience: "${API}", owner: ours, scopes: [{ name: edit }, { name: read }] }]`)
    const renamed = `apis: [{ audience: "https://new.example.com", renamed_from: "${API}", scopes: [{ name: read }] }]`
    const { losses } = await run(renamed, { dryRun: true })
    expect(losses.map(({ kind }) => kind).sort()).toEqual(['api owner', 'api scope'])
    await expect(run(renamed, { allowDestroy: false })).rejects.toThrow('--allow-destroy')
  })

  test('changes a client of another manifest only by taking over', async () => {
    const { run, context, state } = await open()
    await giveTo(context, 'orders', [JOB])
    const renamed = scopes('{ name: write, renamed_from: edit }, { name: read }')
    await expect(run(renamed)).rejects.toThrow('the client "job" belongs to the manifest "orders"')
    await run(renamed, { takeOver: true })
    expect((await state()).clients.get(JOB)).toMatchObject({ scopes: ['write'], manifest: undefined })
    expect((await state()).apis.get(Audience(API))?.scopes.map(({ name }) => name)).toEqual(['write', 'read'])
  })
})

test('a renamed credential keeps its secret and its last use', async () => {
  const { run, store, state } = await open()
  const used = (await state()).clients.get(JOB)?.credentials.all.find(({ label }) => label === 'first')
  if (used === undefined) throw new Error('the client has no credential')
  await store.credentials.noteUses([{ id: used.id, at: 5_000 }])
  const renamed = MANIFEST.replace('label: first', 'label: second, renamed_from: first')
  expect((await run(renamed, { allowDestroy: false })).losses).toEqual([])
  const after = (await state()).clients.get(JOB)?.credentials.all.find(({ label }) => label === 'second')
  expect(after?.id).toBe(used.id)
  expect(await store.model.lastUses([used.id])).toEqual(new Map([[used.id, 5_000]]))
})

test.each([
  ['one client from two', 'clients: [{ client_id: x, renamed_from: z }, { client_id: y, renamed_from: z }]', '[1]'],
  ['a name that is still there', 'clients: [{ client_id: x, renamed_from: y }, { client_id: y }]', '[0]'],
  ['its own name', 'clients: [{ client_id: x, renamed_from: x }]', '[0]'],
  ['two that swap', 'clients: [{ client_id: x, renamed_from: y }, { client_id: y, renamed_from: x }]', '[0]'],
  ['an API', 'apis: [{ audience: "https://x", renamed_from: "https://y" }, { audience: "https://y" }]', 'apis[0]'],
  ['a scope', 'apis: [{ audience: "https://x", scopes: [{ name: a, renamed_from: b }, { name: b }] }]', 'scopes[0]'],
  [
    'a credential',
    'clients: [{ client_id: x, credentials: [{ label: a, renamed_from: b }, { label: b }] }]',
    'credentials[0]',
  ],
])('a former name that two things would have is a mistake: %s', (_name, manifest, place) => {
  expect(() => parseManifest('m.yaml', manifest)).toThrow(`${place}.renamed_from: `)
})
