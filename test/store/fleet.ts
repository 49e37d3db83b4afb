import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Client } from '../../src/model/client.ts'
import { type Credential, toCredentials } from '../../src/model/credentials/credential.ts'
import {
  type ClientFilter,
  type CredentialFilter,
  clientSorts,
  credentialSorts,
} from '../../src/model/fleet/filters.ts'
import type { Page, Place } from '../../src/model/fleet/page.ts'
import { ClientId, CredentialId } from '../../src/oauth/ids.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { client, DAY, event, secret } from './contract.ts'

const NOW = 1_000 * DAY

const expiring = (id: string, expiresAt?: number, more: Partial<Credential> = {}) =>
  ({ ...secret(id, id), expiresAt, createdAt: NOW - 400 * DAY, ...more }) as Credential
const trusted = (id: string): Credential => {
  const { kind: _, hash: __, retrievable: ___, ...life } = secret(id, id)
  return { ...life, kind: 'federated', trust: { issuer: 'https://i', audience: 'a', subject: 's' } }
}

/** Lists over many clients and credentials. @param create as for `storeContract`; `run` changes rows by hand */
export function fleetContract(
  name: string,
  create: () => Promise<{
    open(clock: Clock): Promise<Store>
    run(sql: string): Promise<unknown>
    destroy(): Promise<void>
  }>,
) {
  describe(`lists on ${name}`, () => {
    let database: Awaited<ReturnType<typeof create>>
    let store: Store
    let now: number
    beforeEach(async () => {
      now = NOW
      database = await create()
      store = await database.open({ now: () => now, monotonic: () => now })
    })
    afterEach(async () => {
      await store.close()
      await database.destroy()
    })

    const put = async (...clients: readonly Client[]) => {
      const { version } = await store.model.snapshot([])
      await store.model.commit(version, { apis: [], clients, event: event('apply', now) })
    }
    const uses = (...used: readonly (readonly [id: string, at: number])[]) =>
      store.credentials.noteUses(used.map(([id, at]) => ({ id: CredentialId(id), at })))
    const idOf = (item: { readonly id: string } | { readonly credential: { readonly id: string } }): string =>
      'credential' in item ? item.credential.id : item.id
    /** All items, by pages of two. */
    async function all<Item extends Parameters<typeof idOf>[0]>(
      page: (after: Place | undefined) => Promise<Page<Item>>,
    ) {
      const items: string[] = []
      for (let after: Place | undefined, pages = 0; pages < 20; pages += 1) {
        const { items: some, next } = await page(after)
        items.push(...some.map(idOf))
        after = next
        if (next === undefined) return items
      }
      throw new Error('the pages do not end')
    }
    const clients = (filter: ClientFilter, sort: (typeof clientSorts)[number] = 'id', isDescending = false) =>
      all(async (after) => {
        const query = { filter, sort, isDescending, after, most: 2 }
        const listed = await store.fleet.listClients(query)
        const read = await store.fleet.readClients(query)
        expect({ ids: read.items.map(idOf), next: read.next }).toEqual({
          ids: listed.items.map(idOf),
          next: listed.next,
        })
        for (const one of read.items) expect(one).toEqual(await store.directory.loadClient(ClientId(idOf(one))))
        return listed
      })
    const credentials = (
      filter: CredentialFilter,
      sort: (typeof credentialSorts)[number] = 'expiry',
      isDescending = false,
    ) => all((after) => store.fleet.listCredentials({ filter, sort, isDescending, after, most: 2 }))

    /** Five clients that differ in everything. */
    const fill = async () => {
      const made: readonly [number, Client][] = [
        [
          100,
          client('b', {
            name: 'Zebra',
            owner: 'two',
            tags: ['x'],
            credentials: toCredentials([expiring('b1', NOW + 9 * DAY)]),
          }),
        ],
        [90, client('B', { name: 'älter', owner: 'one', enabled: false })],
        [
          80,
          client('a', { owner: 'one', credentials: toCredentials([expiring('a1', NOW + 50 * DAY), trusted('a2')]) }),
        ],
        [
          70,
          client('pay-1', {
            name: 'Alpha',
            tags: ['x', 'y'],
            credentials: toCredentials([expiring('p1', NOW - DAY), expiring('p2', NOW + 20 * DAY)]),
          }),
        ],
        [
          60,
          client('é', {
            name: 'PAY',
            owner: 'one',
            credentials: toCredentials([expiring('e1', NOW + 5 * DAY, { revokedAt: 1 })]),
          }),
        ],
      ]
      for (const [ago, one] of made) {
        now = NOW - ago * DAY
        await put(one)
      }
      now = NOW
      await uses(['b1', NOW - 95 * DAY], ['a1', NOW - DAY], ['a2', NOW - 2 * DAY])
    }

    test.each([
      ['id', ['B', 'a', 'b', 'pay-1', 'é']],
      ['name', ['a', 'pay-1', 'é', 'b', 'B']],
      ['owner', ['pay-1', 'B', 'a', 'é', 'b']],
      ['created', ['b', 'B', 'a', 'pay-1', 'é']],
      ['last_used', ['b', 'B', 'pay-1', 'é', 'a']],
      ['next_expiry', ['b', 'pay-1', 'a', 'B', 'é']],
    ] as const)('clients are sorted by %s, both ways, whatever the collation', async (sort, order) => {
      await fill()
      await store.fleet.passExpiries(10)
      expect(await clients({}, sort)).toEqual(order)
      expect(await clients({}, sort, true)).toEqual(order.toReversed())
    })

    test.each<[string, ClientFilter, readonly string[]]>([
      ['an owner', { owners: ['one'] }, ['B', 'a', 'é']],
      ['owners', { owners: ['one', 'two', 'three'] }, ['B', 'a', 'b', 'é']],
      ['no owners at all', { owners: [] }, []],
      ['an empty owner, which nobody is', { owners: [''] }, []],
      ['no owner', { hasNoOwner: true }, ['pay-1']],
      ['the beginning of an id or a name, in any case', { search: 'pA' }, ['pay-1', 'é']],
      ['the beginning of a name beyond ASCII', { search: 'Ä' }, ['B']],
      ['a text that a pattern would match', { search: '%' }, []],
      ['the middle of a name', { search: 'lpha' }, []],
      ['the last character of all', { search: '\u{10ffff}' }, []],
      ['a tag', { tag: 'x' }, ['b', 'pay-1']],
      ['the beginning of a tag', { tag: '' }, []],
      ['disabled ones', { isEnabled: false }, ['B']],
      ['a kind of credential', { kind: 'federated' }, ['a']],
      ['a kind of valid credentials', { kind: 'secret' }, ['a', 'b', 'pay-1']],
      ['unused ones, since their creation if they never were', { unusedSince: NOW - 75 * DAY }, ['B', 'b']],
      ['expiring ones', { expiresBefore: NOW + 30 * DAY }, ['b', 'pay-1']],
      ['several', { owners: ['one', 'two'], kind: 'secret', isEnabled: true, search: 'B', tag: 'x' }, ['b']],
      ['several that contradict', { owners: ['one'], hasNoOwner: true }, []],
    ])('clients are found by %s, and counted', async (_name, filter, expected) => {
      await fill()
      for (const sort of clientSorts) {
        expect([...(await clients(filter, sort))].sort(), sort).toEqual([...expected].sort())
        expect([...(await clients(filter, sort, true))].sort(), sort).toEqual([...expected].sort())
      }
      expect(await store.fleet.countClients(filter)).toEqual({ count: expected.length, isMore: false })
    })

    test('a summary has what a line shows', async () => {
      await fill()
      const { items } = await store.fleet.listClients({ filter: { search: 'a' }, sort: 'id', most: 1 })
      expect(items).toEqual([
        {
          id: 'a',
          name: undefined,
          owner: 'one',
          tags: [],
          enabled: true,
          kinds: ['federated', 'secret'],
          methods: undefined,
          lastUsedAt: NOW - DAY,
          nextExpiryAt: NOW + 50 * DAY,
          createdAt: NOW - 80 * DAY,
        },
      ])
    })

    test.each<[string, CredentialFilter, readonly string[]]>([
      ['nothing', {}, ['p1', 'e1', 'b1', 'p2', 'a1', 'a2']],
      ['an owner, and others of none', { owners: ['one'] }, ['e1', 'a1', 'a2']],
      ['no owner', { hasNoOwner: true }, ['p1', 'p2']],
      ['a client', { client: 'pay-1' }, ['p1', 'p2']],
      ['a kind', { kind: 'federated' }, ['a2']],
      ['expired ones', { state: 'expired' }, ['p1']],
      ['revoked ones', { state: 'revoked' }, ['e1']],
      ['valid ones', { state: 'valid' }, ['b1', 'p2', 'a1', 'a2']],
      ['expiring ones', { expiresBefore: NOW + 20 * DAY }, ['b1', 'p2']],
      ['unused ones', { unusedSince: NOW - 90 * DAY, state: 'valid' }, ['b1', 'p2']],
      ['several', { kind: 'secret', owners: ['one'], state: 'valid', unusedSince: NOW }, ['a1']],
    ])('credentials of all clients are found by %s, soonest expiry first', async (_name, filter, expected) => {
      await fill()
      expect(await credentials(filter)).toEqual(expected)
      expect(await credentials(filter, 'expiry', true)).toEqual(expected.toReversed())
      for (const sort of credentialSorts)
        expect([...(await credentials(filter, sort))].sort(), sort).toEqual([...expected].sort())
      expect(await store.fleet.countCredentials(filter)).toEqual({ count: expected.length, isMore: false })
    })

    test('a credential says its status, its owner and its last use', async () => {
      await fill()
      const { items } = await store.fleet.listCredentials({ filter: { client: 'a' }, sort: 'last_used', most: 5 })
      expect(items).toMatchObject([
        { clientId: 'a', owner: 'one', credential: { id: 'a2' }, lastUsedAt: NOW - 2 * DAY, status: 'active' },
        { clientId: 'a', owner: 'one', credential: { id: 'a1' }, lastUsedAt: NOW - DAY, status: 'active' },
      ])
    })

    test('lists follow changes of a client, its credentials, their owner and their uses', async () => {
      await fill()
      await put(
        client('a', { name: 'renamed', owner: 'three', tags: ['z'], credentials: toCredentials([trusted('a2')]) }),
      )
      expect(await clients({ owners: ['three'], tag: 'z', search: 'rena' })).toEqual(['a'])
      expect(await clients({ kind: 'secret' })).toEqual(['b', 'pay-1'])
      expect(await credentials({ owners: ['three'] })).toEqual(['a2'])
      expect(await credentials({ owners: ['one'] })).toEqual(['e1'])
      const before = await store.credentials.listCredentials(client('b').id)
      const [used] = before?.found ?? []
      if (used === undefined) throw new Error('there is no credential')
      await store.model.updateCredentials(client('b').id, () => ({
        writes: { put: [{ ...used.credential, expiresAt: NOW + DAY }], remove: [] },
        event: event('r'),
      }))
      expect(await clients({ expiresBefore: NOW + 2 * DAY })).toEqual(['b'])
      await uses(['b1', NOW])
      await uses(['b1', NOW - 5 * DAY])
      expect(await clients({}, 'last_used', true)).toEqual(['b', 'a', 'é', 'pay-1', 'B'])
      expect(await clients({ unusedSince: NOW - 75 * DAY })).toEqual(['B'])
      await put(client('b'))
      expect(await credentials({ client: 'b' })).toEqual([])
      expect(await clients({ tag: 'x' })).toEqual(['pay-1'])
    })

    test('a passed expiry gives way to the next', async () => {
      await fill()
      now = NOW + 10 * DAY
      expect(await clients({ expiresBefore: NOW + 60 * DAY })).toEqual(['a', 'pay-1'])
      for (let left = 1; left > 0; ) left = await store.fleet.passExpiries(1)
      expect(await clients({}, 'next_expiry')).toEqual(['pay-1', 'a', 'B', 'b', 'é'])
      expect(await clients({ kind: 'secret' })).toEqual(['a', 'pay-1'])
    })

    test('pages go on after an item that is gone, and no item comes twice', async () => {
      await fill()
      const first = await store.fleet.listClients({ filter: {}, sort: 'created', most: 2 })
      expect(first.next).toEqual({ value: NOW - 90 * DAY, id: 'B' })
      await store.model.deleteClient(client('B').id, () => ({ event: event('d') }))
      const second = await store.fleet.listClients({ filter: {}, sort: 'created', after: first.next, most: 9 })
      expect(second.items.map(idOf)).toEqual(['a', 'pay-1', 'é'])
    })

    test('the longest names are sorted, searched and paged', async () => {
      const long = (first: string) =>
        first + String.fromCharCode(...Array.from({ length: 255 }, (_, at) => 0x4e00 + ((at * at * 104_729) % 20_000)))
      await put(
        client(long('a'), { name: long('b'), owner: long('o'), tags: [long('t').slice(0, 128)] }),
        client(long('b'), { name: long('a'), owner: long('o') }),
      )
      expect(await clients({ owners: [long('o')], search: long('a') }, 'name')).toEqual([long('b'), long('a')])
      expect(await clients({ tag: long('t').slice(0, 128) })).toEqual([long('a')])
    })

    test('a client and a credential that can’t be read are listed beside the others', async () => {
      await fill()
      await database.run(`update client set scopes = 'broken' where client_id = 'a'`)
      await database.run(`update credential set data = 'broken' where id = 'b1'`)
      const { items } = await store.fleet.listClients({ filter: {}, sort: 'id', most: 9 })
      expect(items.map(idOf)).toEqual(['B', 'a', 'b', 'pay-1', 'é'])
      expect(items[1]).toMatchObject({ kind: 'client', problem: 'scopes is not JSON' })
      const listed = await store.fleet.listCredentials({ filter: { client: 'b' }, sort: 'expiry', most: 9 })
      expect(listed.items).toMatchObject([{ kind: 'credential', id: 'b1', problem: 'data is not JSON' }])
    })

    test('more than 10,000 are “more”, and a page is found among them by the sort', async () => {
      await database.run(`insert into client (tenant, client_id, tags, enabled, grant_types, scopes, default_scopes, token, created_at, updated_at)
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 30000)
        select 'default', 'n' || (100000 + i), '[]', 1, '[]', '[]', '[]', '{}', i, i from n`)
      await database.run(`insert into client_use (tenant, client_id, id_key, owner, traits, created_at, idle_since)
        select tenant, client_id, client_id, 'o' || (created_at % 2), 16, created_at, created_at from client`)
      expect(await store.fleet.countClients({})).toEqual({ count: 10_000, isMore: true })
      expect(await store.fleet.countClients({ owners: ['o1'] })).toEqual({ count: 10_000, isMore: true })
      expect(await store.fleet.countClients({ owners: ['o1'], unusedSince: 20_000 })).toEqual({
        count: 10_000,
        isMore: false,
      })
      const query = { filter: { owners: ['o1'], isEnabled: true }, sort: 'created', most: 2 } as const
      const page = await store.fleet.listClients(query)
      expect(page.items.map(idOf)).toEqual(['n100001', 'n100003'])
      const next = await store.fleet.listClients({ ...query, after: page.next })
      expect(next.items.map(idOf)).toEqual(['n100005', 'n100007'])
      // None of the 15,000 is found for which the order has to be read to its end.
      const none = {
        filter: { owners: ['o1'], unusedSince: 20_000 },
        sort: 'created',
        isDescending: true,
        most: 1,
      } as const
      expect((await store.fleet.listClients(none)).items.map(idOf)).toEqual(['n119999'])
    })
  })
}
