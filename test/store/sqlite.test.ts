import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { describe, expect, test, vi } from 'vitest'
import { SYSTEM } from '../../src/audit/actor.ts'
import type { EventFilter } from '../../src/audit/query.ts'
import { clientSorts, credentialSorts } from '../../src/model/fleet/filters.ts'
import { ClientId, DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import { EventIndex } from '../../src/store/tables/event-index.ts'
import { SEGMENT } from '../../src/store/tables/event-segments.ts'
import { lastEvent } from '../../src/store/tables/last-event.ts'
import { createStore, type Store } from '../../src/store/tables/sql-store.ts'
import { emptyDatabase } from '../harness/empty-database.ts'
import { makeOldDatabase, migrationBefore } from '../harness/old-database.ts'
import { administratorsContract } from './administrators.ts'
import { BEFORE_0008 } from './before-0008.ts'
import { BEFORE_0010 } from './before-0010.ts'
import { cleanUpContract } from './clean-up.ts'
import { event, storeContract } from './contract.ts'
import { deletionContract } from './deletion.ts'
import { eventSearchContract } from './event-search.ts'
import { fleetContract } from './fleet.ts'
import { groupsContract } from './groups.ts'
import { nodesContract } from './nodes.ts'
import { oddTimesContract } from './odd-times.ts'
import { ownershipContract } from './ownership.ts'

const newFolder = () => mkdtempSync(join(tmpdir(), 'tessera-store-'))

async function create() {
  const folder = newFolder()
  const path = join(folder, 'tessera.db')
  const location = emptyDatabase(path)
  const reader = new DatabaseSync(path, { readOnly: true })
  return {
    open: (clock: Clock) => openStore(location, clock),
    destroy: async () => {
      reader.close()
      rmSync(folder, { recursive: true })
    },
    fractions: findFractions(reader),
    run: async (sql: string) => {
      const database = new DatabaseSync(path)
      database.exec(sql)
      database.close()
    },
  }
}

/**
 * Prepares a search for the rows with a fraction in a database. SQLite accepts one in an integer column without an
 * error.
 */
function findFractions(database: DatabaseSync): () => readonly unknown[] {
  const tables = database
    .prepare(
      `select t.name as "table", group_concat(format('typeof("%w") = %Q', c.name, 'real'), ' or ') as "hasFraction"
       from sqlite_master t, pragma_table_info(t.name) c where t.type = 'table' group by t.name`,
    )
    .all()
  const searches = tables.map(({ table, hasFraction }) =>
    database.prepare(`select '${table}' as "table", * from "${table}" where ${hasFraction}`),
  )
  return () => searches.flatMap((search) => search.all())
}

storeContract('SQLite', create)
administratorsContract('SQLite', create)
oddTimesContract('SQLite', create)
groupsContract('SQLite', create)
nodesContract('SQLite', create)
fleetContract('SQLite', create)
deletionContract('SQLite', create)
ownershipContract('SQLite', create)
eventSearchContract('SQLite', async () => {
  const folder = newFolder()
  const db = await openDatabase(emptyDatabase(join(folder, 'tessera.db')), systemClock)
  return { db, destroy: async () => rmSync(folder, { recursive: true }) }
})
cleanUpContract('SQLite', async () => {
  const folder = newFolder()
  const location = emptyDatabase(join(folder, 'tessera.db'))
  return {
    open: (clock) => openDatabase(location, clock),
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
  await makeOldDatabase(`sqlite:${path}`, migrationBefore('0010-actors'))
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

test('a page of events reads no table from end to end, wherever the events of a filter lie', async () => {
  const folder = newFolder()
  const db = await openDatabase(`sqlite:${join(folder, 'tessera.db')}`, systemClock)
  await sql`
    insert into audit_event (tenant, at, type, result, reason, client_id, request_id, detail)
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${3 * SEGMENT})
    select 'default', n, case when n % 5000 = 1 then 'client.change' else 'token.issue' end,
      case when n % 3000 = 2 then 'refused' else 'success' end, case when n % 3000 = 2 then 'wrong_secret' end,
      'c' || (n % 4000), 'r' || n, '{}' from numbers`.execute(db.logs)
  const index = new EventIndex(db, () => lastEvent(db.scans))
  while (await index.indexNext());
  const { audit } = createStore(db, systemClock)
  const filters: readonly (readonly [number, EventFilter])[] = [
    [50, {}],
    [13, { clientIds: ['c7'] }],
    [13, { clientIds: ['c7'], since: 1 }],
    [10, { types: ['client.change'] }],
    [17, { result: 'refused' }],
    [17, { reasons: ['wrong_secret'] }],
    [5, { clientIds: ['c2'], result: 'refused' }],
  ]
  for (const [count, filter] of filters) {
    const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare')
    const { events } = await audit.queryEvents({ ...filter, limit: 50 })
    expect(events, JSON.stringify(filter)).toHaveLength(count)
    const statements = prepare.mock.calls.map(([text]) => text)
    prepare.mockRestore()
    for (const statement of statements) {
      const { rows } = await sql<{ detail: string }>`${sql.raw(`explain query plan ${statement}`)}`.execute(db.scans)
      expect(
        rows.map(({ detail }) => detail).filter((step) => step.startsWith('SCAN audit_event')),
        statement,
      ).toEqual([])
    }
  }
  await db.close()
  rmSync(folder, { recursive: true })
})

describe('a page of a list reads no table from end to end', () => {
  const day = 86_400_000
  const lists: readonly [string, (store: Store) => Promise<unknown>][] = [
    ...clientSorts.flatMap((sort) => [
      ...[false, true].map((isDescending): [string, (store: Store) => Promise<unknown>] => [
        `clients by ${sort}${isDescending ? ', descending' : ''}`,
        ({ fleet }) => fleet.listClients({ filter: {}, sort, isDescending, after: { value: 1, id: 'a' }, most: 50 }),
      ]),
    ]),
    ...credentialSorts.map((sort): [string, (store: Store) => Promise<unknown>] => [
      `credentials by ${sort}`,
      ({ fleet }) => fleet.listCredentials({ filter: {}, sort, after: { value: 1, id: 'a' }, most: 50 }),
    ]),
    ...(
      [
        { search: 'a' },
        { tag: 'a' },
        { kind: 'secret' },
        { isEnabled: false },
        { unusedSince: day },
        { expiresBefore: day },
        { owners: ['a', 'b'] },
        { hasNoOwner: true },
        { owners: ['a'], unusedSince: day, kind: 'keys', search: 'a', tag: 'b', expiresBefore: day },
      ] as const
    ).flatMap((filter): [string, (store: Store) => Promise<unknown>][] => [
      [
        `clients by name, with ${JSON.stringify(filter)}`,
        ({ fleet }) => fleet.listClients({ filter, sort: 'name', most: 50 }),
      ],
      [`the number of clients with ${JSON.stringify(filter)}`, ({ fleet }) => fleet.countClients(filter)],
    ]),
    ...(
      [
        { client: 'a' },
        { kind: 'secret' },
        { state: 'revoked' },
        { state: 'expired' },
        { unusedSince: day },
        { owners: ['a'], kind: 'secret', state: 'valid', expiresBefore: 2 * day, unusedSince: day },
      ] as const
    ).map((filter): [string, (store: Store) => Promise<unknown>] => [
      `credentials by creation, with ${JSON.stringify(filter)}`,
      ({ fleet }) => fleet.listCredentials({ filter, sort: 'created', most: 50 }),
    ]),
  ]

  /** @param rows 0, or enough that filters are checked in the order of the sort */
  const plansOf = async (rows: number, list: (store: Store) => Promise<unknown>) => {
    const folder = newFolder()
    const path = join(folder, 'tessera.db')
    const store = await openStore(`sqlite:${path}`, systemClock)
    const database = new DatabaseSync(path)
    database.exec(`
      insert into client (tenant, client_id, tags, enabled, grant_types, scopes, default_scopes, token, created_at, updated_at)
      with recursive n (i) as (select 1 union all select i + 1 from n where i < ${rows})
      select 'default', 'a' || i, '[]', 1, '[]', '[]', '[]', '{}', i, i from n where ${rows} > 0;
      insert into client_use (tenant, client_id, id_key, owner, traits, created_at, idle_since, next_expiry)
      select tenant, client_id, client_id, 'a', 31, created_at, created_at, created_at from client`)
    const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare')
    await list(store)
    const statements = prepare.mock.calls.map(([sql]) => sql).filter((sql) => /from "(?:client|credential)/.test(sql))
    prepare.mockRestore()
    await store.close()
    const plans = statements.map((sql) => ({
      sql,
      plan: database
        .prepare(`explain query plan ${sql}`)
        .all()
        .map(({ detail }) => String(detail)),
    }))
    database.close()
    rmSync(folder, { recursive: true })
    return plans
  }

  test.each(lists)('%s', async (_name, list) => {
    for (const rows of [0, 10_050]) {
      const plans = await plansOf(rows, list)
      expect(plans.length).toBeGreaterThan(0)
      for (const { sql, plan } of plans) {
        expect(
          plan.filter((step) => /^SCAN (?!counted|found|\(subquery)/.test(step)),
          sql,
        ).toEqual([])
        // Only rows that the index of a filter has found are sorted, never those of a whole tenant.
        if (plan.some((step) => step.includes('TEMP B-TREE FOR ORDER BY')))
          expect(
            plan.filter((step) => /^SEARCH .*\(tenant=\?\)$/.test(step)),
            sql,
          ).toEqual([])
      }
    }
  })
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
