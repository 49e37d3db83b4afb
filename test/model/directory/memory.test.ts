import { describe, expect, test } from 'vitest'
import type { Api } from '../../../src/model/api.ts'
import { ApiSet } from '../../../src/model/api-set.ts'
import { Directory } from '../../../src/model/directory/directory.ts'
import { Audience, ClientId } from '../../../src/oauth/ids.ts'
import { AccessDecisions } from '../../../src/policy/entitlement.ts'
import { clientWith } from '../../harness/client-record.ts'
import { bytesInUse } from '../../harness/memory.ts'

const MB = 1024 * 1024
const api = (scopes: Api['scopes']): Api => ({
  audience: Audience('https://api.example.com'),
  name: undefined,
  scopes,
  token: {},
  require: undefined,
  manifest: undefined,
})

/** A store without clients that counts its reads. */
function emptyStore() {
  const asked = { clients: 0, issuers: 0 }
  return {
    asked,
    loadClient: async () => {
      asked.clients += 1
      return undefined
    },
    clientsTrusting: async () => {
      asked.issuers += 1
      return []
    },
    loadApis: async () => ({ found: [], unreadable: [] }),
  }
}

/** A slice of a long text, as a parameter is of a form. */
const cutFrom = (text: string, length: number): string => `${text}${'.'.repeat(60_000)}`.slice(0, length)

/** The growth of used memory during some work, in bytes. */
async function growthOf(work: () => Promise<void>): Promise<number> {
  const before = bytesInUse()
  await work()
  return bytesInUse() - before
}

const onUnreadable = (): void => {}

describe('requests of strangers are remembered in few bytes', () => {
  test.each([
    ['client ids of the maximum length', 256, 8],
    ['impossible client ids', 60_000, 1],
    ['short client ids, each a slice of a long form', 20, 8],
  ])('%s', async (_name, length, most) => {
    const directory = await Directory.open(emptyStore(), { onUnreadable, room: { clients: 10 } })
    const growth = await growthOf(async () => {
      for (let i = 0; i < 20_000; i += 1) await directory.client(ClientId(cutFrom(`client ${i} `, length)))
    })
    expect(growth).toBeLessThan(most * MB)
    expect(directory.counts).toMatchObject({ clients: 0 })
  })

  test.each([
    ['issuers of the maximum length', 2_000, 8],
    ['impossible issuers', 15_000, 1],
    ['short issuers, each a slice of a long token', 30, 2],
  ])('%s', async (_name, length, most) => {
    const directory = await Directory.open(emptyStore(), { onUnreadable, room: { clients: 10 } })
    const growth = await growthOf(async () => {
      for (let i = 0; i < 5_000; i += 1) await directory.clientsTrusting(cutFrom(`https://${i}.example`, length))
    })
    expect(growth).toBeLessThan(most * MB)
  })

  test('issuers that as many clients as possible trust', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `${index}`)
    const clientsTrusting = async (issuer: string) => ids.map((id) => ClientId(`${id} ${issuer} `.padEnd(256, 'x')))
    const directory = await Directory.open(
      { ...emptyStore(), clientsTrusting },
      { onUnreadable, room: { clients: 10 } },
    )
    const growth = await growthOf(async () => {
      for (let i = 0; i < 1_000; i += 1)
        expect(await directory.clientsTrusting(cutFrom(`https://${i}.example`, 100))).toHaveLength(100)
    })
    expect(growth).toBeLessThan(8 * MB)
    expect(directory.counts).toMatchObject({ clients: 0 })
  })

  test('an overlong id or issuer is not looked up', async () => {
    const store = emptyStore()
    const directory = await Directory.open(store, { onUnreadable, room: { clients: 10 } })
    expect(directory.client(ClientId('x'.repeat(257)))).toBeUndefined()
    expect(await directory.clientsTrusting(`https://${'x'.repeat(2_000)}`)).toEqual([])
    expect(store.asked).toEqual({ clients: 0, issuers: 0 })
    await directory.client(ClientId('x'.repeat(256)))
    await directory.clientsTrusting(`https://${'x'.repeat(1_992)}`)
    expect(store.asked).toEqual({ clients: 1, issuers: 1 })
  })

  test.each([
    ['many scopes', 400],
    ['one scope, a slice of a long form', 1],
  ])('the last request of each client: %s', async (_name, count) => {
    const scopes = Array.from({ length: count }, (_, index) => ({ name: `${index}`.padEnd(100, 'x'), common: true }))
    const apis = new ApiSet([api(scopes)])
    const clients = Array.from({ length: 200 }, (_, index) => clientWith({ id: ClientId(`client ${index}`) }))
    const growth = await growthOf(async () => {
      for (const client of clients) {
        const form = `${scopes.map(({ name }) => name).join(' ')} ${'.'.repeat(60_000)}`
        const scope = form.split(' ', count)
        expect(new AccessDecisions().decide(client, { scope, targets: [] }, apis).scopes).toHaveLength(count)
      }
    })
    expect(growth).toBeLessThan(2 * MB)
    expect(clients).toHaveLength(200)
  })
})

test('clients in memory are bounded in bytes, whatever their size', async () => {
  const metadata = { note: 'x'.repeat(100_000) }
  const store = { ...emptyStore(), loadClient: async (id: ClientId) => clientWith({ id, metadata }) }
  const directory = await Directory.open(store, { onUnreadable, room: { clients: 100 } })
  for (let i = 0; i < 100; i += 1) await directory.client(ClientId(`client ${i}`))
  expect(directory.counts.clients).toBeLessThan(20)
  expect(directory.counts.clients).toBeGreaterThan(10)
})
