import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { deleteClient } from '../../../src/management/clients/delete.ts'
import type { ApplyInput } from '../../../src/management/manifest/apply.ts'
import { Audience, ClientId } from '../../../src/oauth/ids.ts'
import { giveTo } from '../../harness/ownership.ts'
import { apply, makeModel } from '../setting.ts'

const A = 'https://a.example.com'
const B = 'https://b.example.com'
const PAYMENTS = `
manifest: payments
apis: [{ audience: "${A}", scopes: [{ name: pay }] }, { audience: "${B}", scopes: [{ name: refund }] }]
clients: [{ client_id: till, scopes: [pay] }, { client_id: desk, scopes: [refund] }]
`
/** The same manifest without an API and a client. */
const FEWER = `
manifest: payments
apis: [{ audience: "${A}", scopes: [{ name: pay }] }]
clients: [{ client_id: till, scopes: [pay] }]
`

let model: Awaited<ReturnType<typeof makeModel>>
beforeAll(async () => {
  model = await makeModel()
})
afterAll(() => model.remove())

async function open() {
  const { context, rows, close } = await model.copy()
  onTestFinished(close)
  const ids = ['till', 'desk', 'extra', 'job', 'off'].map(ClientId)
  return {
    context,
    rows,
    run: (manifest: string, options: Partial<ApplyInput> = {}) => apply(context, manifest, options),
    state: () => context.store.model.snapshot(ids),
  }
}

describe('a manifest owns what it names', () => {
  test('new things belong to it, and another manifest changes them only by taking over', async () => {
    const { run, state } = await open()
    await run(PAYMENTS)
    const other = FEWER.replace('payments', 'orders').replace('till,', 'till, name: Till,')
    await expect(run(other)).rejects.toThrow(
      'test.yaml:4:11: clients[0]: the client "till" belongs to the manifest "payments": change it there, or take it over with --take-over',
    )
    const plan = await run(other, { dryRun: true })
    expect(plan.conflicts).toHaveLength(2)
    expect((await state()).clients.get(ClientId('till'))).toMatchObject({ name: undefined, manifest: 'payments' })
    await run(other, { takeOver: true })
    expect((await state()).clients.get(ClientId('till'))).toMatchObject({ name: 'Till', manifest: 'orders' })
    await expect(run(PAYMENTS)).rejects.toThrow('belongs to the manifest "orders"')
  })

  test('one without a name changes what nobody owns, and nothing of a manifest', async () => {
    const { run, state } = await open()
    await run(PAYMENTS)
    await expect(run('clients: [{ client_id: till }]')).rejects.toThrow('belongs to the manifest "payments"')
    await run('clients: [{ client_id: off, name: Off }]')
    expect((await state()).clients.get(ClientId('off'))).toMatchObject({ name: 'Off', manifest: undefined })
    await run('clients: [{ client_id: till, name: T }]', { takeOver: true })
    expect((await state()).clients.get(ClientId('till'))).toMatchObject({ name: 'T', manifest: undefined })
  })

  test('a thing that a person made is adopted as it is, and is else a conflict', async () => {
    const { run, state } = await open()
    const same = 'manifest: payments\nclients: [{ client_id: off, scopes: [edit] }]'
    await expect(run(same.replace('off,', 'off, name: X,'))).rejects.toThrow(
      'the client "off" belongs to no manifest, and differs',
    )
    await run(same)
    expect((await state()).clients.get(ClientId('off'))).toMatchObject({ manifest: 'payments' })
  })

  test('a conflict is told before a loss, and both are in the plan', async () => {
    const { run } = await open()
    await run(PAYMENTS)
    const taking = 'clients: [{ client_id: till, scopes: [] }]'
    await expect(run(taking, { allowDestroy: false })).rejects.toThrow('belongs to the manifest')
    const { losses, conflicts } = await run(taking, { dryRun: true })
    expect([losses.length, conflicts.length]).toEqual([1, 1])
  })
})

describe('prune', () => {
  test('removes only what the manifest owned and no longer names, and needs consent', async () => {
    const { run, state, context } = await open()
    await run(PAYMENTS)
    await run('manifest: orders\nclients: [{ client_id: extra }]')
    expect((await run(FEWER)).deleted).toMatchObject({ apis: [], clients: [] })
    await expect(run(FEWER, { prune: true, allowDestroy: false })).rejects.toThrow(
      'nothing was changed: this would end 1 API, 1 client. Give --allow-destroy if that is meant',
    )
    const planned = await run(FEWER, { prune: true, dryRun: true })
    expect(planned.steps.filter(({ action }) => action === 'delete').map(({ id }) => id)).toEqual([B, 'desk'])
    await run(FEWER, { prune: true })
    const { clients, apis } = await state()
    expect([...clients.keys()].sort()).toEqual(['extra', 'job', 'off', 'till'])
    expect(apis.has(Audience(B))).toBe(false)
    const [event] = await context.store.audit.listEvents({ limit: 1 })
    expect(event).toMatchObject({ detail: { deletedApis: [B], deletedClients: ['desk'], allowDestroy: true } })
  })

  test('is refused for a manifest without a name', async () => {
    const { run } = await open()
    await expect(run('clients: [{ client_id: off }]', { prune: true, dryRun: true })).rejects.toThrow(
      'has no name, so that it owns nothing to prune',
    )
  })

  test('leaves an API that clients outside of the manifest use, and says which', async () => {
    const { run, state } = await open()
    await run(PAYMENTS)
    await run('clients: [{ client_id: extra, scopes: [refund] }]')
    const planned = await run(FEWER, { prune: true, dryRun: true })
    const message = `no longer names the API "${B}", but 1 client outside of it refers to it: take it out of them first`
    expect(planned.conflicts).toEqual([expect.stringContaining(message)])
    expect(planned.losses).toContainEqual({
      kind: 'api',
      audience: B,
      clients: 1,
      examples: ['extra'],
      lastUsedAt: undefined,
    })
    await expect(run(FEWER, { prune: true, takeOver: true })).rejects.toThrow(message)
    expect((await state()).apis.has(Audience(B))).toBe(true)
  })

  test('spares what passed to somebody else between the list and the read', async () => {
    const { run, context, state } = await open()
    await run(PAYMENTS)
    const { store } = context
    const racing = {
      ...context,
      store: {
        ...store,
        model: new Proxy(store.model, {
          get: (target, name) => {
            const member = Reflect.get(target, name)
            if (name !== 'ownedBy') return typeof member === 'function' ? member.bind(target) : member
            return async (...given: Parameters<typeof target.ownedBy>) => {
              const page = await target.ownedBy(...given)
              await giveTo(context, 'orders', ['desk'])
              return page
            }
          },
        }),
      },
    }
    const keepingB = FEWER.replace('apis: [', `apis: [{ audience: "${B}", scopes: [{ name: refund }] }, `)
    await apply(racing, keepingB, { prune: true })
    expect((await state()).clients.get(ClientId('desk'))).toMatchObject({ manifest: 'orders' })
  })

  test('a manifest that is empty, but has its name, removes everything of it', async () => {
    const { run, state } = await open()
    await run(PAYMENTS)
    await run('manifest: payments', { prune: true })
    const { clients, apis } = await state()
    expect([clients.has(ClientId('till')), apis.has(Audience(A))]).toEqual([false, false])
    expect(clients.has(ClientId('job'))).toBe(true)
  })
})

test('a client that a person deleted is made again by its manifest', async () => {
  const { run, context, state } = await open()
  await run(PAYMENTS)
  await deleteClient(context, { id: ClientId('desk'), takeOver: true })
  await run(PAYMENTS)
  expect((await state()).clients.get(ClientId('desk'))).toMatchObject({ manifest: 'payments' })
})
