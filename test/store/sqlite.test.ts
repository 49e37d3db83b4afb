import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import { SYSTEM } from '../../src/audit/actor.ts'
import { ClientId, DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import { makeOldDatabase } from '../harness/old-database.ts'
import { administratorsContract } from './administrators.ts'
import { BEFORE_0008 } from './before-0008.ts'
import { BEFORE_0010 } from './before-0010.ts'
import { cleanUpContract } from './clean-up.ts'
import { event, storeContract } from './contract.ts'
import { oddTimesContract } from './odd-times.ts'

const newFolder = () => mkdtempSync(join(tmpdir(), 'tessera-store-'))

async function create() {
  const folder = newFolder()
  const path = join(folder, 'tessera.db')
  return {
    open: (clock: Clock) => openStore(`sqlite:${path}`, clock),
    destroy: async () => rmSync(folder, { recursive: true }),
    fractions: () => fractionsIn(path),
  }
}

/** Every number with a fraction in a database. SQLite accepts one in an integer column without an error. */
function fractionsIn(path: string): readonly unknown[] {
  const database = new DatabaseSync(path, { readOnly: true })
  const columns = database
    .prepare(
      `select t.name as "table", c.name as "column" from sqlite_master t, pragma_table_info(t.name) c where t.type = 'table'`,
    )
    .all()
  const found = columns.flatMap(({ table, column }) =>
    database
      .prepare(`select '${table}' as "table", "${column}" from "${table}" where typeof("${column}") = 'real'`)
      .all(),
  )
  database.close()
  return found
}

storeContract('SQLite', create)
administratorsContract('SQLite', create)
oddTimesContract('SQLite', create)
cleanUpContract('SQLite', async () => {
  const folder = newFolder()
  return {
    open: (clock) => openDatabase(`sqlite:${join(folder, 'tessera.db')}`, clock),
    destroy: async () => rmSync(folder, { recursive: true }),
  }
})

test('a database from before operators could end things keeps disabled clients disabled, and knows the sample', async () => {
  const folder = newFolder()
  const path = join(folder, 'tessera.db')
  await makeOldDatabase(`sqlite:${path}`, '0007-bounds')
  const before = new DatabaseSync(path)
  before.exec(BEFORE_0008)
  before.close()
  const store = await openStore(`sqlite:${path}`, systemClock)
  expect((await store.directory.loadClient(ClientId('off')))?.ended).toEqual({ disabledAt: 1_700_000_000_000 })
  expect(await store.directory.loadClient(ClientId('on'))).not.toHaveProperty('ended')
  const { found: samples } = await store.credentials.listSamples()
  expect(samples.map(({ clientId, credential: { id } }) => [clientId, id])).toEqual([['cc_client', 'sample']])
  await store.close()
  rmSync(folder, { recursive: true })
})

test('events from before actors stay as they were, and later ones have actors', async () => {
  const folder = newFolder()
  const path = join(folder, 'tessera.db')
  await (await openStore(`sqlite:${path}`, systemClock)).close()
  const before = new DatabaseSync(path)
  before.exec(BEFORE_0010)
  before.close()
  const store = await openStore(`sqlite:${path}`, systemClock)
  await store.audit.append([{ ...event('later'), actor: SYSTEM }])
  const [earlier, later] = await store.audit.listEvents({ limit: 2 })
  expect(earlier).toMatchObject({ clientId: 'a', detail: { enabled: false } })
  expect(earlier).not.toHaveProperty('actor')
  expect(later).toMatchObject({ requestId: 'later', actor: SYSTEM })
  await store.close()
  rmSync(folder, { recursive: true })
})

test('the few rows that are looked for among all of a tenant are found by an index of their own', async () => {
  const folder = newFolder()
  const path = join(folder, 'tessera.db')
  const store = await openStore(`sqlite:${path}`, systemClock)
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare')
  await store.certificateUse.usesCertificates()
  await store.credentials.listSamples()
  await store.credentials.listRetrievable()
  const statements = prepare.mock.calls.map(([sql]) => sql).filter((sql) => /from "(?:client|credential)"/.test(sql))
  prepare.mockRestore()
  await store.close()
  const database = new DatabaseSync(path, { readOnly: true })
  const plans = statements.map((sql) => database.prepare(`explain query plan ${sql}`).get()?.['detail'])
  database.close()
  rmSync(folder, { recursive: true })
  const indexes = ['client_bound', 'credential_certificate', 'credential_sample', 'credential_retrievable']
  expect(plans).toEqual(indexes.map((index) => expect.stringContaining(`USING INDEX ${index} (tenant=?)`)))
})

test('a write waits for another process without blocking the event loop', async () => {
  const folder = newFolder()
  const path = join(folder, 'tessera.db')
  const store = await openStore(`sqlite:${path}`, systemClock)
  const other = new DatabaseSync(path)
  other.exec('begin immediate')
  let turns = 0
  const ticking = setInterval(() => {
    turns += 1
  }, 5)
  const event = {
    tenant: DEFAULT_TENANT,
    at: 1,
    type: 'token.issue',
    result: 'success',
    reason: undefined,
    clientId: 'a',
    remoteAddress: '::1',
    requestId: 'r',
    traceId: undefined,
    detail: {},
  } as const
  const written = store.audit.append([event])
  await expect.poll(() => turns).toBeGreaterThan(10)
  // Reads never queue behind a pending write.
  await expect(store.directory.loadApis()).resolves.toEqual({ found: [], unreadable: [] })
  await expect(store.audit.listEvents({ limit: 1 })).resolves.toEqual([])
  other.exec('commit')
  await written
  clearInterval(ticking)
  expect(await store.audit.listEvents({ limit: 1 })).toHaveLength(1)
  other.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

test('a failing database is a storage error, never an unknown client', async () => {
  const folder = newFolder()
  const path = join(folder, 'tessera.db')
  await (await openStore(`sqlite:${path}`, systemClock)).close()
  const store = await openStore(`sqlite:${path}`, systemClock)
  // Another process overwrites the file.
  writeFileSync(path, Buffer.alloc(100_000, 0x41))
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
  await expect(store.directory.loadClient(ClientId('a'))).rejects.toMatchObject({
    reason: 'storage_unavailable',
  })
  await store.close()
  rmSync(folder, { recursive: true })
})
