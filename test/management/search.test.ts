import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiFilter, type apiSorts, listApis } from '../../src/management/apis/list.ts'
import { countClients } from '../../src/management/clients/count.ts'
import { searchClients } from '../../src/management/clients/search.ts'
import { countCredentials } from '../../src/management/credentials/count.ts'
import { searchCredentials } from '../../src/management/credentials/search.ts'
import { isVisible } from '../../src/management/visible.ts'
import type { ClientFilter } from '../../src/model/fleet/filters.ts'
import { apply, makeModel, type Setting } from './setting.ts'

let model: Awaited<ReturnType<typeof makeModel>>
let setting: Setting
beforeAll(async () => {
  model = await makeModel()
  setting = await model.copy()
  await apply(
    setting.context,
    `apis:
  - { audience: "https://b.example.com", name: Accounts, owner: one }
  - { audience: "https://c.example.com", name: vault, owner: two }
clients:
  - { client_id: a1, owner: one, tags: [x], credentials: [{ label: first }] }
  - { client_id: a2, owner: one }
  - { client_id: b1, owner: two, tags: [x], credentials: [{ label: first }] }`,
  )
})
afterAll(async () => {
  await setting.close()
  model.remove()
})

describe('a reader who may see the things of some owners', () => {
  const filters: readonly [string, ClientFilter][] = [
    ['nothing', {}],
    ['a search for a client of another', { search: 'b1' }],
    ['the owner of another', { owners: ['two'] }],
    ['no owner', { hasNoOwner: true }],
    ['a tag', { tag: 'x' }],
    ['a kind', { kind: 'secret' }],
    ['unused ones', { unusedSince: Number.MAX_SAFE_INTEGER - 1 }],
  ]
  test.each(filters)('finds and counts only those, by %s', async (_name, filter) => {
    const { context } = setting
    const all = await searchClients(context, 'all', { filter, sort: 'id', most: 200 })
    for (const visible of [[], ['one'], ['one', 'two']]) {
      const seen = await searchClients(context, visible, { filter, sort: 'id', most: 200 })
      const expected = all.items.filter((client) => 'owner' in client && isVisible(visible, client))
      expect(seen.items).toEqual(expected)
      expect(await countClients(context, visible, filter)).toEqual({ count: expected.length, isMore: false })
    }
  })

  test('sees only their credentials and APIs', async () => {
    const { context } = setting
    const credentials = await searchCredentials(context, ['one'], { filter: {}, sort: 'expiry', most: 9 })
    expect(credentials.items).toMatchObject([{ clientId: 'a1', owner: 'one' }])
    expect(await countCredentials(context, ['one'], {})).toEqual({ count: 1, isMore: false })
    expect(await countCredentials(context, [], { client: 'a1' })).toEqual({ count: 0, isMore: false })
    const apis = await listApis(context, ['one'], { filter: { owners: ['one', 'two'] }, sort: 'audience', most: 9 })
    expect(apis).toMatchObject({ items: [{ audience: 'https://b.example.com' }], count: 1 })
  })
})

describe('APIs', () => {
  const audiences = async (filter: ApiFilter, sort: (typeof apiSorts)[number] = 'audience', isDescending = false) => {
    const found: string[] = []
    let after: Parameters<typeof listApis>[2]['after']
    do {
      const { items, next } = await listApis(setting.context, 'all', { filter, sort, isDescending, after, most: 1 })
      found.push(...items.map((api) => ('problem' in api ? api.id : api.audience).slice(8, 11)))
      after = next
    } while (after !== undefined)
    return found
  }

  test.each([
    ['audience', ['api', 'b.e', 'c.e']],
    ['name', ['api', 'b.e', 'c.e']],
    ['owner', ['api', 'b.e', 'c.e']],
  ] as const)('are sorted by %s, page by page', async (sort, expected) => {
    expect(await audiences({}, sort)).toEqual(expected)
    expect(await audiences({}, sort, true)).toEqual(expected.toReversed())
  })

  test.each<[string, ApiFilter, readonly string[]]>([
    ['an audience', { search: 'https://B' }, ['b.e']],
    ['a name', { search: 'VAU' }, ['c.e']],
    ['an owner', { owners: ['two'] }, ['c.e']],
    ['no owner', { hasNoOwner: true }, ['api']],
    ['nothing that fits', { search: 'x' }, []],
  ])('are found by %s', async (_name, filter, expected) => {
    expect(await audiences(filter)).toEqual(expected)
  })
})

test.each([
  ['too many items', { filter: {}, sort: 'id', most: 201 }, 'a page has 1 to 200 items'],
  ['no items', { filter: {}, sort: 'id', most: 0 }, 'a page has 1 to 200 items'],
  ['a search that is too long', { filter: { search: 'x'.repeat(257) }, sort: 'id', most: 1 }, 'at most 256 characters'],
  [
    'a search with NUL, which PostgreSQL refuses',
    { filter: { search: 'a\u0000' }, sort: 'id', most: 1 },
    'control character',
  ],
  ['too many owners', { filter: { owners: Array(1_001).fill('x') }, sort: 'id', most: 1 }, 'at most 1000 owners'],
] as const)('a page with %s is refused', async (_name, query, message) => {
  await expect(searchClients(setting.context, 'all', query)).rejects.toThrow(message)
})

test('the longest search, the largest page and the most owners are taken', async () => {
  const owners = Array.from({ length: 1_000 }, (_, index) => `owner ${index}`)
  const query = { filter: { search: 'x'.repeat(256), owners }, sort: 'id', most: 200 } as const
  expect(await searchClients(setting.context, 'all', query)).toEqual({ items: [], next: undefined })
})
