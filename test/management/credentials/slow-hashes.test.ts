import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { operator } from '../../../src/audit/actor.ts'
import { managementContext } from '../../../src/cli/database.ts'
import { MasterKey } from '../../../src/crypto/master-key.ts'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { clientSchema } from '../../../src/management/schemas/client.ts'
import { putClient } from '../../../src/management/settings/put-client.ts'
import { ClientId } from '../../../src/oauth/ids.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { credentialMakers } from '../../../src/server/making.ts'
import { openStore } from '../../../src/store/open.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { hashFast, hashSlowly } from '../../harness/hash-cost.ts'
import { newSecret, oneApi } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

const CHOSEN = 'correct horse'
/** Chosen secrets that are given at once. */
const GIVEN = 24
/** Those that may wait. */
const PLACES = 64
/** Clients in a plan. Their hashes would take some seconds. */
const PLANNED = 40

const generated = { root: newSecret(), auditor: newSecret() }
let server: TestServer
let root: CallAdmin
let auditor: CallAdmin
beforeAll(async () => {
  hashSlowly()
  server = await startTestServer({
    manifest: `
${oneApi('edit')}
clients:
  - { client_id: served, scopes: [edit], credentials: [{ secret: ${CHOSEN} }] }
  - { client_id: filled }
${administrator('root', permissionNames, generated.root)}${administrator(
  'auditor',
  permissionNames.filter((name) => name.endsWith(':read')),
  generated.auditor,
)}
`,
  })
  root = await callsAs(server, 'root', generated.root)
  auditor = await callsAs(server, 'auditor', generated.auditor)
  const first = await root('POST', '/clients/filled/credentials', { body: { secret: 'the first one' } })
  expect(first.status).toBe(201)
})
afterAll(() => {
  hashFast()
  return server.stop()
})

/** A connection of its own. */
async function opened() {
  const store = await openStore(server.config.storage, systemClock)
  onTestFinished(() => store.close())
  return store
}

test('slow-hashes-of-administrators: chosen secrets that are given at once do not delay those of clients', async () => {
  let done = 0
  const first = Promise.withResolvers<void>()
  const adding = Array.from({ length: GIVEN }, async (_, at) => {
    const added = await root('POST', '/clients/filled/credentials', { body: { secret: `a chosen secret ${at}` } })
    done += 1
    first.resolve()
    return added.status
  })
  await first.promise
  const answer = await server.token({ grant_type: 'client_credentials', scope: 'edit' }, basic('served', CHOSEN))
  expect(answer.status).toBe(200)
  expect(done).toBeLessThan(GIVEN / 2)
  expect(await Promise.all(adding)).toEqual(Array(GIVEN).fill(201))
}, 60_000)

test('slow-hashes-of-administrators: they wait in a bounded queue, in which authors take turns', async () => {
  const keys = { masterKeyInUse: () => Promise.resolve(undefined) }
  const dependencies = { config: server.config, clock: systemClock, random: systemRandom }
  const makerFor = credentialMakers(dependencies, { keys } as never, new MasterKey(Buffer.alloc(32), systemRandom))
  const turns: string[] = []
  const first = Promise.withResolvers<void>()
  const ask = (user: string, number = 0) =>
    makerFor(operator(user, 'host', 'command')).inTurn(async () => {
      turns.push(`${user} ${number}`)
      if (turns.length === 1) await first.promise
      return 'hashed'
    })
  const flood = Array.from({ length: PLACES + 3 }, (_, at) => ask('mallory', at))
  const other = ask('alice')
  first.resolve()
  expect(await other).toBe('hashed')
  expect(turns.indexOf('alice 0')).toBeLessThanOrEqual(2)
  const outcomes = await Promise.allSettled(flood)
  const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  // One runs, and the last two and that of the other author take the places of three.
  expect(refused).toHaveLength(3)
  for (const error of refused) expect(error).toMatchObject({ reason: 'secret_queue_full', retryAfter: 1 })
})

test('a client is hashed once, however often others change the model meanwhile', async () => {
  const context = managementContext({ options: server.config, store: await opened() })
  let hashes = 0
  const inTurn: typeof context.inTurn = (work) => {
    hashes += 1
    return work()
  }
  let changes = 0
  const commit = context.store.model.commit.bind(context.store.model)
  context.store.model.commit = (...given) => {
    changes += 1
    return changes < 4 ? Promise.resolve(false) : commit(...given)
  }
  const { client } = await putClient(
    { ...context, inTurn },
    {
      id: ClientId('once'),
      takeOver: false,
      wanted: () => clientSchema.parse({ client_id: 'once', credentials: [{ secret: 'a chosen secret' }] }),
    },
  )
  expect(client.credentials.all).toHaveLength(1)
  expect([changes, hashes]).toEqual([4, 1])
})

test('slow-hashes-of-administrators: a plan hashes no secret of a new client', async () => {
  const clients = Array.from(
    { length: PLANNED },
    (_, at) => `  - { client_id: new-${at}, credentials: [{ secret: a chosen secret ${at} }] }`,
  )
  const cpuOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  const one = await cpuOf(() => root('POST', '/clients/filled/credentials', { body: { secret: 'the cost of one' } }))
  const planning = () => auditor('POST', '/plans', { body: { manifest: `clients:\n${clients.join('\n')}` } })
  const all = await cpuOf(async () => {
    const { status, body } = await planning()
    expect(status).toBe(200)
    expect(body.steps).toHaveLength(PLANNED)
    expect(body.generates).toEqual([])
  })
  expect(all).toBeLessThan((PLANNED / 2) * one)
  const short = 'clients: [{ client_id: short, credentials: [{ secret: short, retrievable: true }] }]'
  expect((await auditor('POST', '/plans', { body: { manifest: short } })).body.detail).toMatch(/at least 32 bytes/)
}, 60_000)
