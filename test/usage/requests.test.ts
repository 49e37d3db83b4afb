import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { usageOfCredentials } from '../../src/management/usage/credentials.ts'
import { readUsage, type UsageKey } from '../../src/management/usage/read.ts'
import { Audience, ClientId } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import type { UsageFilter } from '../../src/usage/store.ts'
import { standingClock } from '../harness/clock.ts'
import { emptyDatabase } from '../harness/empty-database.ts'
import { contextOf } from '../harness/management.ts'
import { MODEL, SECRET } from '../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

const API = Audience('https://api.example.com')
const VAULT = Audience('https://vault.example.com')
const clock = standingClock()
const DAY = 86_400_000

let folder: string
let store: Store
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-usage-'))
  const storage = emptyDatabase(join(folder, 'tessera.db'))
  const server = await startTestServer({ manifest: MODEL, options: { storage }, clock })
  await sendAll(server)
  await server.stop()
  store = await openStore(storage, systemClock)
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

/** Sends each request, and requires its answer. */
async function sendAll(server: TestServer): Promise<void> {
  const send = async (client: string, status: number, more: Record<string, string> | string = {}, secret = SECRET) => {
    const form = typeof more === 'string' ? more : { grant_type: 'client_credentials', ...more }
    expect(await server.token(form, basic(client, secret)), client).toMatchObject({ status })
  }
  for (let n = 0; n < 3; n += 1) await send('reporter', 200)
  await send('batch', 200, `grant_type=client_credentials&resource=${API}&resource=${VAULT}&scope=read`)
  await send('batch', 200, { resource: VAULT })
  await send('reporter', 401, {}, 'wrong')
  await send('reporter', 400, { scope: 'read', resource: API })
  await send('reporter', 400, { resource: VAULT })
  await send('reporter', 400, { resource: 'https://made-up.example.com' })
  // A request that is not well-formed is nobody's, since its client is not authenticated.
  await send('reporter', 400, { scope: '"' })
  await send('disabled', 401)
  await send('expired', 401)
  for (let n = 0; n < 30; n += 1) await send(`made-up-${n}`, 401)
  await send('made up\n%00 ü', 400)
  expect(await server.token('x=1')).toMatchObject({ status: 400 })
  // Neither of these asks for a token.
  for (const path of ['introspect', 'revoke_token']) {
    const options = { method: 'POST', body: new URLSearchParams({ token: 'x' }), headers: basic('reporter', 'wrong') }
    expect((await fetch(`${server.issuer}/as/${path}.oauth2`, options)).status).toBe(401)
  }
}

const context = () => contextOf(store, clock, new MasterKey(Buffer.alloc(32), systemRandom))
const window = () => ({ since: clock.now() - DAY, until: clock.now() + DAY })

async function rows(by: UsageKey, filter: UsageFilter = {}) {
  const { rows } = await readUsage(context(), { ...window(), resolution: 'hour', by, filter, limit: 100 })
  return rows.map(({ key, issued, refused, reasons }) => [key, issued, refused, Object.fromEntries(reasons)])
}

const REPORTERS = { wrong_secret: 1, scope_not_allowed: 1, unknown_target: 2 }

test('requests for tokens are counted by client; ids that do not exist are not', async () => {
  expect(await rows('client')).toEqual([
    ['batch', 2, 0, {}],
    ['disabled', 0, 1, { client_disabled: 1 }],
    ['expired', 0, 1, { expired_credential: 1 }],
    ['reporter', 3, 4, REPORTERS],
  ])
})

test('they are counted by API; a token for two APIs counts at both, and once in total', async () => {
  expect(await rows('api')).toEqual([
    ['', 0, 4, { wrong_secret: 1, unknown_target: 1, client_disabled: 1, expired_credential: 1 }],
    [API, 4, 1, { scope_not_allowed: 1 }],
    [VAULT, 2, 1, { unknown_target: 1 }],
  ])
  expect(await rows('client', { clients: [ClientId('batch')] })).toEqual([['batch', 2, 0, {}]])
  expect(await rows('client', { api: VAULT })).toEqual([
    ['batch', 2, 0, {}],
    ['reporter', 0, 1, { unknown_target: 1 }],
  ])
})

test('they are counted by credential, even one that has expired', async () => {
  const of = async (client: string) => {
    const usage = await usageOfCredentials(context(), { ...window(), resolution: 'minute', client: ClientId(client) })
    return usage.map(({ issued, refused, share, tokenSeconds }) => ({ issued, refused, share, tokenSeconds }))
  }
  expect(await of('reporter')).toEqual([{ issued: 3, refused: 3, share: 1, tokenSeconds: 3 * 14_400 }])
  expect(await of('expired')).toEqual([{ issued: 0, refused: 1, share: undefined, tokenSeconds: 0 }])
})

test('strangers add no row', async () => {
  const query = { resolution: 'minute', since: 0, until: 8e15, filter: {} } as const
  const sums = await store.usage.sums(query, ['client', 'api', 'credential'])
  expect(new Set(sums.map(({ client }) => client))).toEqual(new Set(['batch', 'disabled', 'expired', 'reporter']))
  expect(new Set(sums.map(({ api }) => api))).toEqual(new Set(['', API, VAULT]))
  expect(sums).toHaveLength(10)
})
