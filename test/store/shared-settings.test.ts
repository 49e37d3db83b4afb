import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Client } from '../../src/model/client.ts'
import { toCredentials } from '../../src/model/credentials/credential.ts'
import { sha256 } from '../../src/model/credentials/secret-hash.ts'
import { type ClientRoom, Directory } from '../../src/model/directory/directory.ts'
import { Audience, ClientId, DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../../src/platform/random.ts'
import { openStore } from '../../src/store/open.ts'
import { fromClient, toClient } from '../../src/store/tables/rows.ts'
import { SharedSettings } from '../../src/store/tables/shared-settings.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { clientWith, UNSET } from '../harness/client-record.ts'
import { lifeOf } from '../harness/credential-life.ts'
import { emptyDatabase } from '../harness/empty-database.ts'
import { bytesInUse, settledBytes } from '../harness/memory.ts'
import { newSecret } from '../harness/model.ts'

const MB = 1024 * 1024

let folder: string
let store: Store
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-shared-'))
  store = await openStore(emptyDatabase(join(folder, 'tessera.db')), systemClock)
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

/** A client with a secret. */
const service = (id: string, settings: Partial<Client> = {}): Client => {
  const secret = newSecret()
  return clientWith({
    id: ClientId(id),
    owner: 'platform@example.com',
    scopes: ['edit', 'read'],
    tags: ['production'],
    ...settings,
    credentials: toCredentials([
      {
        kind: 'secret',
        ...lifeOf(uuidv7(systemClock, systemRandom), { hint: secret.slice(-4), createdAt: systemClock.now() }),
        hash: { kind: 'sha256', digest: sha256(secret) },
        retrievable: undefined,
      },
    ]),
  })
}

async function save(clients: readonly Client[]): Promise<void> {
  const event = {
    ...({ tenant: DEFAULT_TENANT, at: systemClock.now(), type: 'client.add', result: 'success', detail: {} } as const),
    ...{ reason: undefined, clientId: undefined, remoteAddress: undefined, requestId: 'r', traceId: undefined },
  }
  const saved = await store.model.commit(await store.changes.latestChange(), { apis: [], clients, event })
  expect(saved).toBe(true)
}

async function loaded(id: string): Promise<Client> {
  const client = await store.directory.loadClient(ClientId(id))
  if (client === undefined || 'problem' in client) throw new Error(`${id} could not be read`)
  return client
}

const SHARED = [
  ...(['tags', 'metadata', 'grantTypes', 'scopes', 'grants', 'defaultScopes'] as const),
  ...(['token', 'introspects', 'authentication'] as const),
]

test('clients with equal settings have one copy of each, which nobody can change', async () => {
  const settings: Partial<Client> = {
    metadata: { team: { name: 'a' } },
    token: { claims: { roles: ['a'] } },
    grants: [{ api: Audience('https://api.example.com'), scopes: ['edit'], defaultScopes: [] }],
    authentication: { methods: ['client_secret_basic'] },
  }
  const [one, other] = [service('one', settings), service('other', settings)]
  await save([one, other, service('third', { ...settings, scopes: ['edit'] })])
  const [first, second, third] = [await loaded('one'), await loaded('other'), await loaded('third')]
  expect([first, second]).toEqual([one, other])
  for (const name of SHARED) expect(second[name], name).toBe(first[name])
  expect(third.scopes).toEqual(['edit'])
  expect(first.scopes).toEqual(['edit', 'read'])
  for (const value of [first.scopes, first.metadata['team'], first.token.claims?.['roles'], first.grants[0]?.scopes])
    expect(Object.isFrozen(value)).toBe(true)
})

test('long settings, and those beyond the first thousand of a kind, are not kept for others', async () => {
  const tags = ['x'.repeat(600)]
  const crowd = Array.from({ length: 1_001 }, (_, index) => service(`client ${index}`, { scopes: [`scope ${index}`] }))
  await save([service('long', { tags }), service('longer', { tags }), ...crowd])
  expect((await loaded('longer')).tags).toEqual(tags)
  expect((await loaded('longer')).tags).not.toBe((await loaded('long')).tags)
  for (const { id, scopes } of crowd) expect((await loaded(id)).scopes).toEqual(scopes)
  const [known, late] = ['client 998', 'client 1000']
  expect((await loaded(known)).scopes).toBe((await loaded(known)).scopes)
  expect((await loaded(late)).scopes).not.toBe((await loaded(late)).scopes)
})

test('settings that are kept for others take few bytes in all, whatever they are', async () => {
  const claims = (client: number) =>
    Object.fromEntries(
      Array.from({ length: 2 }, (_, at) => [
        `${at}`,
        Array.from({ length: 18 }, (__, index) => ({ [`${client} ${index}`]: 0 })),
      ]),
    )
  const shared = new SharedSettings()
  const share = (client: number) => {
    const written = clientWith({
      id: ClientId(`${client}`),
      metadata: claims(client),
      token: { claims: claims(-client) },
    })
    const row = { ...UNSET, ...fromClient(DEFAULT_TENANT, written, 0) }
    expect(row.metadata.length).toBeLessThan(512)
    const read = toClient(row, [])
    if ('problem' in read) throw new Error(read.problem)
    return shared.share(read, row)
  }
  const before = settledBytes()
  for (let client = 1; client <= 1_000; client += 1) share(client)
  expect(settledBytes() - before).toBeLessThan(5 * MB)
  expect(share(1).metadata).toBe(share(1).metadata)
})

test('a client of a fleet takes less than a kilobyte, and the room for clients is counted as it is used', async () => {
  const ids = Array.from({ length: 4_000 }, (_, index) => `client ${index}`)
  await save(ids.map((id) => service(id)))
  const fill = async (room: ClientRoom) => {
    const directory = await Directory.open(store.directory, { room, onUnreadable: () => {} })
    const before = bytesInUse()
    for (const id of ids) await directory.client(ClientId(id))
    return { bytes: bytesInUse() - before, clients: directory.counts.clients }
  }
  await fill({ clients: 100 })
  const all = await fill({ clients: ids.length })
  expect(all.clients).toBe(ids.length)
  expect(all.bytes / ids.length).toBeLessThan(1_024)
  const some = await fill({ bytes: 2 * MB })
  expect(some.clients).toBeGreaterThan(1_000)
  expect(some.clients).toBeLessThan(3_000)
  expect(some.bytes).toBeLessThan(2 * MB)
  expect(some.bytes).toBeGreaterThan(1 * MB)
})
