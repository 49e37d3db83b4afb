import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ClientFilter } from '../../src/model/fleet/filters.ts'
import type { OwnedThing } from '../../src/model/store.ts'
import { Audience, ClientId } from '../../src/oauth/ids.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { api, client, event } from './contract.ts'

const A = ClientId('a')
const API = Audience('https://a')
const manifest = 'payments'

/** The manifests that own clients and APIs. @param create as for `storeContract`; `run` changes rows by hand */
export function ownershipContract(
  name: string,
  create: () => Promise<{
    open(clock: Clock): Promise<Store>
    run(sql: string): Promise<unknown>
    destroy(): Promise<void>
  }>,
) {
  describe(`ownership by manifests on ${name}`, () => {
    let database: Awaited<ReturnType<typeof create>>
    let store: Store
    beforeEach(async () => {
      database = await create()
      store = await database.open(systemClock)
    })
    afterEach(async () => {
      await store.close()
      await database.destroy()
    })

    const put = async (apis: readonly ReturnType<typeof api>[], clients: readonly ReturnType<typeof client>[]) => {
      const { version } = await store.model.snapshot([])
      await store.model.commit(version, { apis, clients, event: event('apply') })
    }
    /** Everything that a manifest owns, by pages. */
    const owned = async (of: string, most = 2) => {
      const all: OwnedThing[] = []
      for (let page: readonly OwnedThing[] | undefined; page === undefined || page.length === most; ) {
        page = await store.model.ownedBy(of, all.at(-1), most)
        all.push(...page)
        if (all.length > 99) throw new Error('the pages do not end')
      }
      return all.map(({ id }) => id)
    }
    const listed = async (filter: ClientFilter) => {
      const { items } = await store.fleet.listClients({ filter, sort: 'id', most: 9 })
      expect(await store.fleet.countClients(filter)).toEqual({ count: items.length, isMore: false })
      return items.map(({ id }) => id)
    }

    test('everything that a manifest owns is listed by pages, APIs first', async () => {
      await put(
        [
          api('https://b', { manifest }),
          api(API, { manifest }),
          api('https://c', { manifest: 'pay' }),
          api('https://d'),
        ],
        [
          client('é', { manifest }),
          client('B', { manifest }),
          client('a', { manifest }),
          client('c', { manifest: 'Payments' }),
          client('d'),
        ],
      )
      const all = ['https://a', 'https://b', 'B', 'a', 'é']
      for (const most of [1, 2, 3, 4, 5, 9]) expect(await owned(manifest, most), `pages of ${most}`).toEqual(all)
      expect(await owned('Payments')).toEqual(['c'])
      for (const nobody of ['', 'payment', 'payments ', '%']) expect(await owned(nobody), nobody).toEqual([])
    })

    test('lists and counts filter by the manifest', async () => {
      await put([], [client('a', { manifest }), client('b', { manifest, enabled: false }), client('c')])
      expect(await listed({ manifest })).toEqual(['a', 'b'])
      expect(await listed({ manifest, isEnabled: true })).toEqual(['a'])
      expect(await listed({ hasNoManifest: true })).toEqual(['c'])
      expect(await listed({ hasNoManifest: true, search: 'a' })).toEqual([])
      expect(await listed({ manifest: '' })).toEqual([])
      const { items } = await store.fleet.listClients({ filter: {}, sort: 'id', most: 9 })
      expect(items).toMatchObject([{ manifest }, { manifest }, { manifest: undefined }])
    })

    test('a change of the owner is seen everywhere, and a change that leaves it alone keeps it', async () => {
      await put([api(API, { manifest })], [client('a', { manifest })])
      await store.model.updateClient(A, (before) => {
        if (before === undefined || 'problem' in before) throw new Error('the client is away')
        return { client: { ...before, name: 'changed' }, event: event('u') }
      })
      await store.model.updateCredentials(A, () => ({ writes: { put: [], remove: [] }, event: event('c') }))
      expect(await owned(manifest)).toEqual([API, A])
      expect(await store.directory.loadClient(A)).toMatchObject({ name: 'changed', manifest })
      await put([api(API)], [client('a')])
      expect(await owned(manifest)).toEqual([])
      expect(await store.directory.loadClient(A)).toMatchObject({ manifest: undefined })
      expect(await store.directory.loadApis()).toMatchObject({ found: [{ manifest: undefined }] })
      expect(await listed({ manifest })).toEqual([])
    })

    test('a client and an API that are deleted leave nothing to later ones', async () => {
      await put([api(API, { manifest })], [client('a', { manifest, scopes: ['edit'] })])
      const { version } = await store.model.snapshot([])
      await store.model.deleteApi(API, { version, clients: [A] }, ({ clients }) => ({
        clients: clients.map((one) => ({ ...one, manifest: 'other' })),
        event: event('d'),
      }))
      expect(await owned(manifest)).toEqual([])
      expect(await owned('other')).toEqual([A])
      await store.model.deleteClient(A, () => ({ event: event('d') }))
      expect(await owned(manifest)).toEqual([])
      await put([api(API)], [client('a')])
      expect(await owned(manifest)).toEqual([])
      expect(await listed({ hasNoManifest: true })).toEqual([A])
    })

    test('one that can’t be read still says whose it is', async () => {
      await put([api(API, { manifest })], [client('a', { manifest })])
      await database.run(`update client set scopes = 'broken'`)
      await database.run(`update api set scopes = 'broken'`)
      expect(await owned(manifest)).toEqual([API, A])
      expect(await store.directory.loadClient(A)).toMatchObject({ problem: 'scopes is not JSON', manifest })
      expect(await store.directory.loadApis()).toMatchObject({
        unreadable: [{ problem: 'scopes is not JSON', manifest }],
      })
    })
  })
}
