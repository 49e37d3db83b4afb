import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { deleteGroup } from '../../../src/management/groups/delete.ts'
import { putGroup } from '../../../src/management/groups/put.ts'
import { showGroup } from '../../../src/management/groups/show.ts'
import { groupSchema } from '../../../src/management/schemas/group.ts'
import { apply, makeModel, TEAM } from '../setting.ts'

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

const account = (id: string) => ({ kind: 'account', id, permissions: ['view'] })
const issuesOf = (members: readonly object[]) =>
  groupSchema.safeParse({ name: 'a', members }).error?.issues.map(({ path, message }) => [path.join('.'), message])

test('a schema takes a thousand members, and no more', () => {
  const members = Array.from({ length: 1_000 }, (_, index) => account(`${index}`))
  expect(issuesOf(members)).toBeUndefined()
  expect(issuesOf([...members, account('one more')])).toEqual([['members', expect.stringContaining('at most 1000')]])
})

test.each([
  ['a member that is listed twice', [account('a'), { ...account('a'), permissions: ['edit'] }], 'members.1'],
  ['a member without a permission', [{ ...account('a'), permissions: [] }], 'members.0.permissions'],
  ['an unknown permission', [{ ...account('a'), permissions: ['own'] }], 'members.0.permissions.0'],
  ['a claim without a name', [{ ...account('a'), kind: 'claim' }], 'members.0.claim'],
  ['an account of a claim', [{ ...account('a'), claim: 'groups' }], 'members.0'],
  ['a control character', [account('a\u0000')], 'members.0.id'],
])('a schema refuses %s', (_name, members, path) => {
  expect(issuesOf(members)?.[0]?.[0]).toBe(path)
})

test('a claim and an account of the same name are two members', () => {
  expect(issuesOf([account('a'), { ...account('a'), kind: 'client' }])).toBeUndefined()
})

test('a group that owns things is not deleted, and the error says how many', async () => {
  const { context } = await open()
  await apply(
    context,
    `apis: [{ audience: "https://team.example.com", owner: team }]
clients: [{ client_id: one, owner: team }, { client_id: two, owner: team }]`,
  )
  await expect(deleteGroup(context, { name: TEAM })).rejects.toThrow('"team" owns 2 clients and 1 API: give them')
  expect(await showGroup(context, TEAM)).toMatchObject({ name: TEAM })
})

test('a group that does not exist can not be shown or deleted', async () => {
  const { context } = await open()
  await expect(showGroup(context, 'gone')).rejects.toThrow('there is no group "gone"')
  await expect(deleteGroup(context, { name: 'gone' })).rejects.toThrow('there is no group "gone"')
})

test('equal members in another order are no change, and a check refuses any', async () => {
  const { context } = await open()
  const members = [
    { kind: 'account' as const, id: 'b', permissions: ['edit' as const, 'view' as const] },
    { kind: 'account' as const, id: 'a', permissions: ['view' as const] },
  ]
  await putGroup(context, { name: TEAM, wanted: () => ({ members }) })
  const { length } = await context.store.audit.listEvents({ limit: 100 })
  const { isNew } = await putGroup(context, { name: TEAM, wanted: () => ({ members: members.toReversed() }) })
  expect(isNew).toBe(false)
  expect(await context.store.audit.listEvents({ limit: 100 })).toHaveLength(length)
  const check = () => {
    throw new Error('changed meanwhile')
  }
  await expect(deleteGroup(context, { name: TEAM, check })).rejects.toThrow('changed meanwhile')
  await expect(putGroup(context, { name: TEAM, wanted: check })).rejects.toThrow('changed meanwhile')
})
