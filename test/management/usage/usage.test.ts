import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { usageOfCredentials } from '../../../src/management/usage/credentials.ts'
import { readTotals, readUsage, type UsageKey } from '../../../src/management/usage/read.ts'
import { topUsage } from '../../../src/management/usage/top.ts'
import { listWasteful } from '../../../src/management/usage/wasteful.ts'
import type { UsageWindow } from '../../../src/management/usage/window.ts'
import { Audience, ClientId, CredentialId } from '../../../src/oauth/ids.ts'
import { ALSO_ISSUED, type UsageCount } from '../../../src/usage/store.ts'
import { clockAt } from '../../harness/clock.ts'
import { usageBatch, usageCount } from '../../store/contract.ts'
import { apply, HOUR, JOB, makeModel, type Setting } from '../setting.ts'

const DAY = 24 * HOUR

let model: Awaited<ReturnType<typeof makeModel>>
let setting: Setting
beforeAll(async () => {
  model = await makeModel()
})
afterAll(() => model.remove())
beforeEach(async () => {
  setting = await model.copy()
})
afterEach(() => setting.close())

let made = 0
const add = (counts: readonly UsageCount[]) => {
  made += 1
  return setting.context.store.usage.add(usageBatch(made % 256, counts))
}
const window = (more: Partial<UsageWindow> = {}): UsageWindow => ({
  resolution: 'hour',
  since: 0,
  until: 7 * DAY,
  filter: {},
  ...more,
})
const named = (client: string, more: Partial<UsageCount> = {}) => usageCount({ clientId: ClientId(client), ...more })

/** The keys of all pages. */
async function pages(by: UsageKey, limit: number, filter: UsageWindow['filter'] = {}) {
  const found: (readonly string[])[] = []
  let after: string | undefined
  do {
    const page = await readUsage(setting.context, { ...window({ filter }), by, after, limit })
    found.push(page.rows.map(({ key }) => key))
    after = page.next
  } while (after !== undefined)
  return found
}

describe('usage', () => {
  beforeEach(() =>
    add([
      named('', { credentialId: '' }),
      ...['a', 'b', 'c', 'd'].map((id, n) =>
        named(id, {
          at: n * HOUR,
          audience: Audience(`https://${id}`),
          credentialId: CredentialId(`s${id}`),
          count: n + 1,
          tokenSeconds: (n + 1) * 3_600,
        }),
      ),
    ]),
  )

  const hour = (n: number) => new Date(n * HOUR).toISOString()
  test.each<[UsageKey, readonly (readonly string[])[]]>([
    ['client', [['', 'a'], ['b', 'c'], ['d']]],
    ['api', [['https://a', 'https://api'], ['https://b', 'https://c'], ['https://d']]],
    ['credential', [['', 'sa'], ['sb', 'sc'], ['sd']]],
    [
      'time',
      [
        [hour(0), hour(1)],
        [hour(2), hour(3)],
      ],
    ],
  ])('by %s comes in pages', async (by, expected) => {
    expect(await pages(by, 2)).toEqual(expected)
    expect((await pages(by, 1)).flat()).toEqual(expected.flat())
    expect(await pages(by, 100)).toEqual([expected.flat()])
  })

  test('a reader who may see some owners sees neither other clients, nor those that were removed, nor those without a client', async () => {
    const before = { ...setting.context, clock: clockAt(0) }
    await apply(before, 'clients: [{ client_id: b, owner: team }, { client_id: c, owner: others }]')
    const filter = { owners: ['team'] }
    for (const by of ['client', 'api', 'credential', 'time'] as const)
      expect((await pages(by, 100, filter)).flat(), by).toHaveLength(1)
    expect(await readTotals(setting.context, window({ filter }))).toMatchObject({ issued: 2, refused: 0 })
    const top = { ...window({ filter }), of: 'client', by: 'issued', limit: 9 } as const
    expect(await topUsage(setting.context, top)).toMatchObject([{ key: 'b', issued: 2 }])
    expect(await listWasteful(setting.context, { ...window({ filter }), limit: 9, above: 1 })).toMatchObject([
      { client: 'b' },
    ])
    expect(await readTotals(setting.context, window({ filter: { owners: [] } }))).toMatchObject({ issued: 0 })
  })

  test('clients are read one after another, and their times are in order', async () => {
    const ids = Array.from({ length: 25 }, (_, n) => `m${n}`)
    await add(ids.map((id, n) => named(id, { at: (25 - n) * HOUR })))
    const filter = { clients: ids.map(ClientId) }
    const expected = ids.map((_, n) => hour(n + 1))
    expect((await pages('time', 4, filter)).flat()).toEqual(expected)
    expect((await pages('client', 4, filter)).flat()).toEqual(ids.toSorted())
    expect(await readTotals(setting.context, window({ filter }))).toMatchObject({ issued: 25 })
  })

  test.each([
    [{ since: 7 * DAY }, 'is not before its end'],
    [{ until: Number.NaN }, 'is not before its end'],
    [{ resolution: 'minute', until: 30 * DAY } as const, 'more than 10,080 minutes of usage'],
  ])('%o is refused', async (more, message) => {
    await expect(readTotals(setting.context, window(more))).rejects.toThrow(message)
  })

  test('a place to continue at that no page named is refused', async () => {
    await expect(readUsage(setting.context, { ...window(), by: 'time', after: 'x', limit: 1 })).rejects.toThrow('place')
  })

  test('the credentials of a rotation show which one is still used', async () => {
    const listed = await setting.context.store.credentials.listCredentials(JOB)
    const [old, next] = (listed?.found ?? []).slice(-2).map(({ credential }) => credential.id)
    if (old === undefined || next === undefined) throw new Error('the model has a rotation')
    await add([
      named('job', { at: HOUR, credentialId: old, count: 3 }),
      named('job', { at: 5 * HOUR, credentialId: next, count: 9 }),
      named('job', { at: 6 * HOUR, credentialId: old, outcome: 'scope_not_allowed' }),
      named('job', { at: 6 * HOUR, credentialId: old, outcome: ALSO_ISSUED }),
    ])
    const usage = await usageOfCredentials(setting.context, { ...window(), client: JOB })
    expect(usage.slice(-2)).toMatchObject([
      { credential: { id: old }, issued: 3, refused: 1, share: 0.25, lastIssuedAt: HOUR },
      { credential: { id: next }, issued: 9, refused: 0, share: 0.75, lastIssuedAt: 5 * HOUR },
    ])
  })
})

describe('clients that do not keep their tokens', () => {
  /** A number of tokens of a client in each of some hours. */
  const tokens = (client: string, count: number, lifetime: number, hours: readonly number[]) =>
    add(hours.map((hour) => named(client, { at: hour * HOUR, count, tokenSeconds: count * lifetime })))
  const week = Array.from({ length: 7 * 24 }, (_, hour) => hour)
  const every = (step: number) => week.filter((hour) => hour % step === 0)
  const list = (above?: number) =>
    listWasteful(setting.context, { ...window(), limit: 100, ...(above !== undefined && { above }) })

  test('a client that keeps its tokens is not listed, however short they live or many processes it has', async () => {
    await tokens('one process', 1, 4 * 3_600, every(4))
    await tokens('renews early', 5, 4 * 3_600, every(16))
    await tokens('sixteen processes', 20, 3_600, week)
    await tokens('a minute each', 60, 60, week)
    expect(await list()).toEqual([])
  })

  test('a client that fetches a token for each call is listed, with what it needs', async () => {
    await tokens('per call', 100, 4 * 3_600, week)
    await tokens('at night', 50, 2 * 3_600, [2, 26])
    await tokens('short', 6_000, 60, [5])
    expect(await list()).toMatchObject([
      { client: 'per call', issued: 16_800, lifetime: 14_400, needed: 42, ratio: 400, alive: 400 },
      { client: 'short', issued: 6_000, lifetime: 60, needed: 10_080, ratio: 0.6, alive: 100 },
      { client: 'at night', issued: 100, lifetime: 7_200, needed: 84, ratio: 1.2, alive: 50 },
    ])
    expect((await list())[0]?.remedy).toMatch(/^keep each token for its expires_in \(14400 s\)/)
    expect(await list(399)).toHaveLength(1)
    expect(await list(400)).toEqual([])
  })

  test('a token that lives longer than the time that is asked for counts once', async () => {
    await tokens('long', 30, 365 * 86_400, [0])
    expect(await list()).toMatchObject([{ alive: 30, needed: 1, ratio: 30 }])
  })

  test('tokens for several APIs count at each, and refusals at none', async () => {
    const both = { count: 30, tokenSeconds: 30 * 3_600 }
    await add([
      named('a', both),
      named('a', { ...both, audience: Audience('https://other'), outcome: ALSO_ISSUED }),
      named('b', { count: 1_000, outcome: 'wrong_secret' }),
      named('', both),
    ])
    expect((await list()).map(({ client, api, alive }) => [client, api, alive])).toEqual([
      ['a', 'https://api', 30],
      ['a', 'https://other', 30],
    ])
  })
})
