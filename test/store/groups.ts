import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Group, GroupMember } from '../../src/model/group.ts'
import { groupPermissions, inOrder } from '../../src/model/group.ts'
import { TenantId } from '../../src/oauth/ids.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { api, client, DAY, event } from './contract.ts'

const group = (name: string, members: readonly GroupMember[] = [], more: Partial<Group> = {}): Group => ({
  name,
  description: undefined,
  members: inOrder(members),
  ...more,
})

const ALICE: GroupMember = { kind: 'account', id: 'alice', permissions: ['view', 'edit'] }
const RUNNER: GroupMember = { kind: 'client', id: 'runner', permissions: ['rotate'] }
const STAFF: GroupMember = { kind: 'claim', claim: 'groups', id: 'staff', permissions: ['view'] }

/** The store of groups. @param create as for `storeContract`; `run` changes rows by hand */
export function groupsContract(
  name: string,
  create: () => Promise<{
    open(clock: Clock): Promise<Store>
    run(sql: string): Promise<unknown>
    destroy(): Promise<void>
  }>,
) {
  describe(`groups on ${name}`, () => {
    let database: Awaited<ReturnType<typeof create>>
    let store: Store
    beforeEach(async () => {
      database = await create()
      store = await database.open({ now: () => 1_000 * DAY, monotonic: () => 0 })
    })
    afterEach(async () => {
      await store.close()
      await database.destroy()
    })

    const put = (...groups: readonly Group[]) =>
      Promise.all(groups.map((one) => store.groups.updateGroup(one.name, () => ({ group: one, event: event('put') }))))
    const groupsOf = async (...names: Parameters<Store['groups']['groupsOf']>[0]) =>
      (await store.groups.groupsOf(names)).map(({ group: of, permissions }) => [of, ...[...permissions].sort()])

    test('are kept, replaced and deleted with all their members', async () => {
      const team = group('team', [STAFF, RUNNER, ALICE], { description: 'Payments' })
      await put(team)
      expect(await store.groups.loadGroup('team')).toEqual(team)
      await put(group('team', [ALICE]))
      expect(await store.groups.loadGroup('team')).toEqual(group('team', [ALICE]))
      expect(await groupsOf(RUNNER)).toEqual([])
      await store.groups.updateGroup('team', () => ({ group: undefined, event: event('delete') }))
      expect(await store.groups.loadGroup('team')).toBeUndefined()
      expect(await groupsOf(ALICE)).toEqual([])
      expect((await store.changes.changesSince(0)).changes).toEqual(
        Array.from({ length: 3 }, () => ({ kind: 'group', id: 'team' })),
      )
    })

    test('take as many members as a schema lets in, each with the longest names', async () => {
      // Texts that can't be compressed, of three bytes a character.
      const long = (from: number) =>
        String.fromCharCode(
          ...Array.from({ length: 256 }, (_, at) => 0x4e00 + ((from * 7919 + at * at * 104729) % 20_000)),
        )
      const members = Array.from({ length: 1_000 }, (_, index): GroupMember => {
        const all = { id: long(index), permissions: groupPermissions }
        return index % 2 === 0 ? { kind: 'client', ...all } : { kind: 'claim', claim: long(2_000), ...all }
      })
      const large = group(long(3_000), members)
      await put(large)
      expect(await store.groups.loadGroup(large.name)).toEqual(large)
      expect(await store.groups.groupsOf(members)).toEqual([
        { group: large.name, permissions: new Set(groupPermissions) },
      ])
    })

    test('are found by each kind of member, and their permissions add up', async () => {
      await put(group('a', [ALICE, STAFF]), group('b', [RUNNER]), group('c', [{ ...STAFF, permissions: ['delete'] }]))
      expect(await groupsOf(ALICE)).toEqual([['a', 'edit', 'view']])
      expect(await groupsOf({ kind: 'client', id: 'runner' })).toEqual([['b', 'rotate']])
      expect(await groupsOf(STAFF)).toEqual([
        ['a', 'view'],
        ['c', 'delete'],
      ])
      const both = { kind: 'claim', claim: 'groups', id: 'staff' } as const
      expect(await groupsOf({ kind: 'account', id: 'alice' }, both)).toEqual([
        ['a', 'edit', 'view'],
        ['c', 'delete'],
      ])
      expect(await groupsOf()).toEqual([])
    })

    test.each([
      ['an account of the name of a client', { kind: 'account', id: 'runner' }],
      ['a client of the name of an account', { kind: 'client', id: 'alice' }],
      ['the value in another claim', { kind: 'claim', claim: 'roles', id: 'staff' }],
      ['a claim without a name', { kind: 'claim', claim: '', id: 'alice' }],
      ['another case', { kind: 'account', id: 'Alice' }],
      ['a pattern', { kind: 'account', id: '%' }],
    ] as const)('are not those of %s', async (_name, stranger) => {
      await put(group('a', [ALICE, RUNNER, STAFF]))
      expect(await groupsOf(stranger)).toEqual([])
    })

    test('are listed by name, page by page, with their numbers of members', async () => {
      await put(group('b', [ALICE]), group('a', [ALICE, RUNNER]), group('c'))
      const page = await store.groups.listGroups('', 2)
      expect(page).toEqual([
        { name: 'a', description: undefined, members: 2 },
        { name: 'b', description: undefined, members: 1 },
      ])
      expect(await store.groups.listGroups('b', 2)).toMatchObject([{ name: 'c', members: 0 }])
    })

    test('know what they own, up to a number', async () => {
      const clients = Array.from({ length: 3 }, (_, index) => client(`c${index}`, { owner: 'team' }))
      const { version } = await store.model.snapshot([])
      const apis = [api('https://a', { owner: 'team' }), api('https://b')]
      await store.model.commit(version, { apis, clients, event: event('apply') })
      const ownedBy = (owner: string) =>
        store.groups.updateGroup(owner, (_, owned) => ({ group: undefined, event: undefined, owned }))
      expect((await ownedBy('team')).owned).toEqual({
        clients: { count: 3, isMore: false },
        apis: { count: 1, isMore: false },
      })
      expect((await ownedBy('other')).owned.clients).toEqual({ count: 0, isMore: false })
    })

    test('a plan that throws writes nothing, and concurrent changes are not lost', async () => {
      const refusing = store.groups.updateGroup('a', () => {
        throw new Error('refused')
      })
      await expect(refusing).rejects.toThrow('refused')
      expect(await store.groups.loadGroup('a')).toBeUndefined()
      await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          store.groups.updateGroup('a', (before) => {
            const members = before !== undefined && 'members' in before ? before.members : []
            const added: GroupMember = { kind: 'account', id: `${index}`, permissions: ['view'] }
            return { group: group('a', [...members, added]), event: event(`add ${index}`) }
          }),
        ),
      )
      expect(await store.groups.loadGroup('a')).toMatchObject({ members: { length: 8 } })
    })

    test('a member that can’t be read loses its own permissions, and its group can only be replaced', async () => {
      await put(group('broken', [ALICE, RUNNER]), group('other', [ALICE]))
      await database.run(`update group_member set permissions = '["everything"]' where id = 'runner'`)
      expect(await groupsOf(RUNNER)).toEqual([])
      expect(await groupsOf(ALICE)).toEqual([
        ['broken', 'edit', 'view'],
        ['other', 'edit', 'view'],
      ])
      expect(await store.groups.loadGroup('broken')).toMatchObject({
        kind: 'group',
        id: 'broken',
        problem: expect.stringMatching(/^permissions /),
      })
      expect(await store.groups.loadGroup('other')).toEqual(group('other', [ALICE]))
      await put(group('broken', [ALICE]))
      expect(await store.groups.loadGroup('broken')).toEqual(group('broken', [ALICE]))
    })

    test('of one tenant give no permissions in another', async () => {
      await put(group('a', [ALICE]))
      const other = store.of(TenantId('other'))
      expect(await other.groups.groupsOf([ALICE])).toEqual([])
      expect(await other.groups.listGroups('', 9)).toEqual([])
    })
  })
}
