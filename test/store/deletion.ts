import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toCredentials } from '../../src/model/credentials/credential.ts'
import type { ModelDeletions } from '../../src/model/store.ts'
import { Audience, ClientId, CredentialId } from '../../src/oauth/ids.ts'
import { CLOCK_SKEW_MS, type Clock } from '../../src/platform/clock.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { api, client, DAY, event, secret } from './contract.ts'

const A = ClientId('a')
const API = Audience('https://a')

/** The deletion of clients and APIs. @param create as for `storeContract` */
export function deletionContract(
  name: string,
  create: () => Promise<{ open(clock: Clock): Promise<Store>; destroy(): Promise<void> }>,
) {
  describe(`deletion on ${name}`, () => {
    let database: Awaited<ReturnType<typeof create>>
    let store: Store
    let now: number
    beforeEach(async () => {
      now = 1_000 * DAY
      database = await create()
      store = await database.open({ now: () => now, monotonic: () => now })
      await store.revocations.noteLifetime(DAY)
    })
    afterEach(async () => {
      await store.close()
      await database.destroy()
    })

    const put = async (apis: Parameters<typeof api>[], clients: readonly ReturnType<typeof client>[]) => {
      const { version } = await store.model.snapshot([])
      await store.model.commit(version, { apis: apis.map((one) => api(...one)), clients, event: event('apply') })
    }
    const deleteA = () => store.model.deleteClient(A, (before) => ({ before, event: event('delete') }))
    const revoked = async () => (await store.revocations.revocationsAfter(0, 10)).found

    test('takes everything of a client with it, and nothing of another', async () => {
      const credentials = toCredentials([secret('1', 'x'), secret('2', 'y')])
      await put([], [client('a', { credentials }), client('b', { credentials: toCredentials([secret('3', 'x')]) })])
      await store.credentials.noteUses(['1', '3'].map((id) => ({ id: CredentialId(id), at: now })))
      const members = ['a', 'b'].map((id) => ({ kind: 'client' as const, id, permissions: ['view' as const] }))
      await store.groups.updateGroup('g', () => ({
        group: { name: 'g', description: undefined, members },
        event: event('g'),
      }))
      const since = await store.changes.latestChange()
      expect((await deleteA()).before).toMatchObject({ id: 'a', credentials: { all: { length: 2 } } })
      expect(await store.directory.loadClient(A)).toBeUndefined()
      expect(await store.credentials.listCredentials(A)).toBeUndefined()
      expect(await store.model.lastUses(['1', '3'].map(CredentialId))).toEqual(new Map([['3', now]]))
      expect(await store.groups.loadGroup('g')).toMatchObject({ members: [{ id: 'b' }] })
      expect((await store.changes.changesSince(since)).changes).toEqual([
        { kind: 'client', id: 'a' },
        { kind: 'group', id: 'g' },
      ])
      expect(await revoked()).toEqual([{ kind: 'client', id: 'a', issuedBefore: now, expiresAt: now + DAY }])
      expect(await store.audit.listEvents({ limit: 1 })).toMatchObject([{ requestId: 'delete' }])
      expect(await store.directory.loadClient(ClientId('b'))).toMatchObject({ credentials: { all: { length: 1 } } })
    })

    test('a later client of the same id has no credential, use, membership or token of the former', async () => {
      await put([], [client('a', { credentials: toCredentials([secret('1', 'x')]) })])
      await store.credentials.noteUses([{ id: CredentialId('1'), at: now }])
      const deletedAt = now
      await deleteA()
      // Another node, whose clock is ahead, may have issued a token meanwhile.
      now += 2 * CLOCK_SKEW_MS
      await put([], [client('a', { credentials: toCredentials([secret('1', 'x')]) })])
      expect((await store.credentials.listCredentials(A))?.found).toMatchObject([{ lastUsedAt: undefined }])
      expect((await revoked()).at(-1)).toMatchObject({ id: 'a', issuedBefore: deletedAt + CLOCK_SKEW_MS })
      const before = await revoked()
      await put([], [client('a', { name: 'changed' }), client('new')])
      expect(await revoked()).toEqual(before)
    })

    test('a client that was made anew at once may get tokens at once', async () => {
      await put([], [client('a')])
      await deleteA()
      await put([], [client('a')])
      expect(await revoked()).toHaveLength(2)
      for (const one of await revoked()) expect(one).toMatchObject({ issuedBefore: now })
    })

    test('a plan that throws keeps the client', async () => {
      await put([], [client('a')])
      const refusing = store.model.deleteClient(A, () => {
        throw new Error('refused')
      })
      await expect(refusing).rejects.toThrow('refused')
      expect(await store.directory.loadClient(A)).toMatchObject({ id: 'a' })
      expect(await revoked()).toEqual([])
    })

    test('of an API ends its tokens, and those that a later API of the same audience would accept', async () => {
      await put([[API], ['https://b']], [client('a')])
      const { version } = await store.model.snapshot([])
      const found = { version, clients: [A] }
      await store.model.deleteApi(API, found, ({ api: before, others, clients }) => {
        expect(before).toMatchObject({ audience: API })
        expect(others.all.map(({ audience }) => audience)).toEqual(['https://b'])
        return { clients: clients.map((one) => ({ ...one, scopes: [] })), event: event('delete') }
      })
      expect((await store.directory.loadApis()).found).toMatchObject([{ audience: 'https://b' }])
      expect(await store.directory.loadClient(A)).toMatchObject({ scopes: [] })
      expect(await revoked()).toMatchObject([{ kind: 'api', id: API, issuedBefore: now }])
      now += 10
      await put([[API], ['https://b', { name: 'changed' }]], [])
      expect((await revoked()).slice(1)).toMatchObject([{ kind: 'api', id: API, issuedBefore: now }])
    })

    test('of an API sees the clients that have changed since they were found, and starts again if an API has', async () => {
      await put([[API]], [client('a')])
      const { version } = await store.model.snapshot([])
      await put([], [client('late')])
      let seen: readonly string[] = []
      const plan = ({ clients }: { readonly clients: readonly { readonly id: string }[] }) => {
        seen = clients.map(({ id }) => id)
        throw new Error('looked')
      }
      await expect(store.model.deleteApi(API, { version, clients: [A] }, plan)).rejects.toThrow('looked')
      expect([...seen].sort()).toEqual(['a', 'late'])
      await put([['https://b']], [])
      expect(await store.model.deleteApi(API, { version, clients: [A] }, plan)).toBeUndefined()
      expect((await store.directory.loadApis()).found).toHaveLength(2)
    })

    /** Commits deletions together with these clients. */
    const commit = async (deleted: ModelDeletions, clients: readonly ReturnType<typeof client>[] = []) => {
      const { version } = await store.model.snapshot([])
      return store.model.commit(version, { apis: [], clients, deleted, event: event('commit') })
    }
    const inGroup = (...ids: readonly string[]) =>
      store.groups.updateGroup('g', () => ({
        group: {
          name: 'g',
          description: undefined,
          members: ids.map((id) => ({ kind: 'client' as const, id, permissions: ['view' as const] })),
        },
        event: event('g'),
      }))

    test('within a commit ends clients and APIs, with their credentials, tokens and memberships', async () => {
      await put([[API], ['https://b']], [client('a', { credentials: toCredentials([secret('1', 'x')]) }), client('b')])
      await store.credentials.noteUses([{ id: CredentialId('1'), at: now }])
      await inGroup('a', 'b')
      const since = await store.changes.latestChange()
      expect(await commit({ apis: [API], clients: [A] }, [client('new')])).toBe(true)
      expect((await store.directory.loadApis()).found).toMatchObject([{ audience: 'https://b' }])
      expect(await store.directory.loadClient(A)).toBeUndefined()
      expect(await store.model.lastUses([CredentialId('1')])).toEqual(new Map())
      expect(await store.groups.loadGroup('g')).toMatchObject({ members: [{ id: 'b' }] })
      expect(await revoked()).toMatchObject([
        { kind: 'client', id: 'a', issuedBefore: now },
        { kind: 'api', id: API, issuedBefore: now },
      ])
      expect((await store.changes.changesSince(since)).changes).toEqual([
        { kind: 'client', id: 'new' },
        { kind: 'client', id: 'a' },
        { kind: 'group', id: 'g' },
        { kind: 'api', id: API },
      ])
    })

    test('passes credentials with their last use, and places in groups, to an heir', async () => {
      const credentials = toCredentials([secret('1', 'x')])
      await put([], [client('a', { credentials }), client('b')])
      await store.credentials.noteUses([{ id: CredentialId('1'), at: now }])
      await inGroup('a', 'b')
      const heirs = new Map([[A, ClientId('heir')]])
      expect(await commit({ apis: [], clients: [A], heirs }, [client('heir', { credentials })])).toBe(true)
      expect(await store.directory.loadClient(A)).toBeUndefined()
      expect((await store.credentials.listCredentials(ClientId('heir')))?.found).toMatchObject([
        { credential: { id: '1' }, lastUsedAt: now },
      ])
      const members = [
        { id: 'b', permissions: ['view'] },
        { id: 'heir', permissions: ['view'] },
      ]
      expect(await store.groups.loadGroup('g')).toMatchObject({ members })
      expect(await revoked()).toMatchObject([{ kind: 'client', id: 'a', issuedBefore: now }])
    })

    test('an heir that is a member already keeps its own place', async () => {
      await put([], [client('a'), client('heir')])
      await inGroup('a', 'heir')
      await commit({ apis: [], clients: [A], heirs: new Map([[A, ClientId('heir')]]) })
      expect(await store.groups.loadGroup('g')).toMatchObject({ members: [{ id: 'heir' }] })
    })

    test('within a commit against another version ends nothing', async () => {
      await put([], [client('a')])
      const { version } = await store.model.snapshot([])
      await put([], [client('b')])
      const deleted = { apis: [], clients: [A] }
      expect(await store.model.commit(version, { apis: [], clients: [], deleted, event: event('late') })).toBe(false)
      expect(await store.directory.loadClient(A)).toMatchObject({ id: 'a' })
      expect(await revoked()).toEqual([])
    })

    test('references are listed page by page', async () => {
      const referring = client('a', {
        scopes: ['edit'],
        grants: [{ api: API, scopes: ['x'], defaultScopes: [] }],
        defaultApi: Audience('https://b'),
        introspects: [Audience('https://c')],
      })
      await put([], [referring, client('b', { introspects: 'all' })])
      const first = await store.model.listReferences('', 1)
      expect(first).toEqual({
        references: [{ id: 'a', scopes: ['edit'], apis: [API, 'https://b', 'https://c'] }],
        next: 'a',
      })
      expect(await store.model.listReferences('a', 2)).toEqual({
        references: [{ id: 'b', scopes: ['edit'], apis: [] }],
        next: undefined,
      })
    })
  })
}
