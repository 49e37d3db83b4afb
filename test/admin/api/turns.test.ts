import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Turns } from '../../../src/admin/api/turns.ts'
import { managementContext } from '../../../src/cli/database.ts'
import { apiClients } from '../../../src/management/apis/clients.ts'
import { allClients } from '../../../src/model/store.ts'
import { openStore } from '../../../src/store/open.ts'
import { administrator, callsAs } from '../../harness/admin.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'
import { until } from '../../harness/until.ts'

/** The bounds: docs/reference/limits.md. */
const AT_ONCE = 6
const WAITING = 64
const CLIENTS = 2_500

let server: TestServer
/** Holds lists of groups until it is over. */
const hold = Promise.withResolvers<void>()
let underWay = 0
beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis: [{ audience: https://api.example.com, scopes: [{ name: read }] }]
clients:${administrator('busy', ['groups:read'])}${administrator('calm', ['groups:read'])}
${Array.from({ length: CLIENTS }, (_, at) => `  - client_id: client-${at}`).join('\n')}
`,
    open: async (...given) => {
      const store = await openStore(...given)
      const list = store.groups.listGroups.bind(store.groups)
      store.groups.listGroups = async (...asked) => {
        underWay += 1
        if (underWay <= AT_ONCE) await hold.promise
        return list(...asked)
      }
      return store
    },
  })
})
afterAll(() => server.stop())

test('costly-calls: a caller has few calls under way, and a bounded number that wait', async () => {
  const busy = await callsAs(server, 'busy')
  const calls = Array.from({ length: AT_ONCE + WAITING }, () => busy('GET', '/groups'))
  await until(async () => underWay === AT_ONCE)
  // All have arrived once one more is refused. Those that came before may still be on their way.
  const refused = await Promise.any(
    Array.from({ length: 20 }, async () => {
      const answer = await busy('GET', '/groups')
      if (answer.status !== 429) throw new Error('it had a place')
      return answer
    }),
  )
  expect(refused).toMatchObject({
    status: 429,
    body: { type: '/api/v1/problems/too-many-requests', detail: expect.stringMatching(/calls are under way/) },
  })
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(underWay).toBe(AT_ONCE)
  // Others are served at once.
  const calm = await callsAs(server, 'calm')
  expect((await calm('GET', '/groups')).status).toBe(200)
  hold.resolve()
  const statuses = (await Promise.all(calls)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(AT_ONCE)
  expect(new Set(statuses)).not.toContain(500)
  expect((await busy('GET', '/groups')).status).toBe(200)
})

test('costly-calls: one that waited for long is refused, since its caller may have lost the permission', async () => {
  let now = 0
  const turns = new Turns({ now: () => now, monotonic: () => now })
  const first = Promise.withResolvers<string>()
  const running = Array.from({ length: AT_ONCE }, () => turns.run('client job', () => first.promise))
  const waiting = ['in time', 'late'].map((name) =>
    turns.run('client job', async () => {
      now += 1
      return name
    }),
  )
  now = 10_000
  first.resolve('first')
  expect(await Promise.all(running)).toEqual(Array(AT_ONCE).fill('first'))
  const outcomes = await Promise.allSettled(waiting)
  expect(outcomes).toMatchObject([{ value: 'in time' }, { reason: { reason: 'admin_too_many_calls', retryAfter: 1 } }])
  // Its place is free again.
  const next = Array.from({ length: AT_ONCE }, () => turns.run('client job', async () => 'next'))
  expect(await Promise.all(next)).toEqual(Array(AT_ONCE).fill('next'))
})

/** The turns of the event loop during some work. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const counting = (async () => {
    while (!isOver) {
      await nextTurn()
      turns += 1
    }
  })()
  await work()
  isOver = true
  await counting
  return turns
}

test('costly-calls: other requests are handled between the pages of all clients', async () => {
  const store = await openStore(server.config.storage, { now: Date.now, monotonic: () => performance.now() })
  try {
    const reading = await turnsDuring(async () => {
      for await (const client of allClients(store.model)) expect(client.id).not.toBe('')
    })
    expect(reading).toBeGreaterThanOrEqual(Math.floor(CLIENTS / 500))
    const context = managementContext({ options: server.config, store })
    const asked = { audience: 'https://api.example.com', withCommon: false, after: '', most: 10 }
    expect(await turnsDuring(() => apiClients(context, asked))).toBeGreaterThanOrEqual(2)
  } finally {
    await store.close()
  }
})
