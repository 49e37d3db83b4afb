import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { SYSTEM } from '../../src/audit/actor.ts'
import type { EventFilter } from '../../src/audit/query.ts'
import type { AuditQuery } from '../../src/audit/store.ts'
import { clientSorts, credentialSorts } from '../../src/model/fleet/filters.ts'
import { ClientId, DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../../src/platform/random.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import { EventIndex } from '../../src/store/tables/event-index.ts'
import { SEGMENT } from '../../src/store/tables/event-segments.ts'
import { lastEvent } from '../../src/store/tables/last-event.ts'
import { createStore, type Store } from '../../src/store/tables/sql-store.ts'
import { emptyDatabase } from '../harness/empty-database.ts'
import { makeOldDatabase, migrationBefore } from '../harness/old-database.ts'
import { notePlans } from '../harness/query-plans.ts'
import { countTurns } from '../harness/turns.ts'
import { administratorsContract } from './administrators.ts'
import { BEFORE_0008 } from './before-0008.ts'
import { BEFORE_0010 } from './before-0010.ts'
import { cleanUpContract, TABLES } from './clean-up.ts'
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

// The template of every test's database is made first, so that no statement of a migration is noted.
beforeAll(async () => (await create()).destroy())
const noted = notePlans()
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
/** The steps of plans that read rows of no tenant, or of all of them. */
const OF_NO_TENANT = [
  // Values, and what the statement itself has found.
  /^SCAN (?:\d+-ROW VALUES CLAUSE|CONSTANT ROW|part|counted|found|next)$/,
  // Tables without a tenant.
  / (?:audit_chain|audit_checkpoint|audit_key|audit_removal|audit_segment|migration|node|sqlite_master|pragma_table_info)\b/,
  // Events have one order, whoever they are of. A search reads a part of it, or its end.
  /^SEARCH audit_event(?: USING (?:INTEGER PRIMARY KEY|(?:COVERING )?INDEX \w+) \((?:rowid|seq)[<>=].*\))?$/,
]
/** The statements that remove old rows, whoever they are of. Each is bounded, and finds them by an index if they may be many. */
const OF_ALL_TENANTS = [
  /^select \* from "key_consumer" where "last_seen" < \?/,
  /^select "tenant", "seq" from "revocation" where "expires_at" <= \?/,
  /^select "tenant", "id" from "(?:replay_mark|idempotency_key)" where "expires_at" < \?/,
  /^select "tenant", "id" from "admin_session" where \("expires_at" < \?/,
  /^select "tenant", "device_hash" from "device_request" where "expires_at" < \?/,
  /^select "tenant" from "audit_term" where "tenant" > \? order by "tenant" limit \?$/,
]
/** The queries of these tests. */
const OF_TESTS = [/typeof\(/, /^select (?:distinct )?"segment" from/, /^select \* from "audit_event" order by "seq"$/]

test('every statement finds the rows of its tenant by an index, and reads no others', () => {
  const walks = [...noted.plans]
    .filter(([text]) => !OF_ALL_TENANTS.some((one) => one.test(text)) && !OF_TESTS.some((one) => one.test(text)))
    .map(([text, steps]) => ({
      text,
      steps: steps
        .filter((step) => /^(?:SCAN|SEARCH) /.test(step) && !/ \(tenant=\?/.test(step))
        .filter((step) => !OF_NO_TENANT.some((one) => one.test(step))),
    }))
    .filter(({ steps }) => steps.length > 0)
  expect(walks).toEqual([])
  expect(noted.plans.size).toBeGreaterThan(500)
  for (const one of OF_ALL_TENANTS) expect([...noted.plans.keys()]).toContainEqual(expect.stringMatching(one))
  noted.end()
})

cleanUpContract('SQLite', async () => {
  const folder = newFolder()
  const location = emptyDatabase(join(folder, 'tessera.db'))
  return {
    open: (clock) => openDatabase(location, clock),
    empty: async ({ writes }) => {
      for (const table of TABLES) await writes.deleteFrom(table).execute()
    },
    analyze: async () => {},
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

/** A log of three indexed segments. */
async function openIndexedLog() {
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
  const destroy = async () => {
    await db.close()
    rmSync(folder, { recursive: true })
  }
  return { db, audit: createStore(db, systemClock).audit, destroy }
}

test('a page of events reads no table from end to end, wherever the events of a filter lie', async () => {
  const { db, audit, destroy } = await openIndexedLog()
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
  await destroy()
})

test('the events of a client, a request or a trace are found by the index, in steps', async () => {
  const { audit, destroy } = await openIndexedLog()
  const idAt = (time: number) => uuidv7({ now: () => time, monotonic: () => 0 }, systemRandom)
  // With the most queries that read events: one is of those that are not indexed yet.
  const lists: readonly (readonly [number, number, AuditQuery])[] = [
    [13, 4, { limit: 100, clientId: 'c7' }],
    [0, 1, { limit: 100, clientId: 'none' }],
    [0, 2, { limit: 100, requestId: idAt(systemClock.now()) }],
    [0, 18, { limit: 100, traceId: 'a'.repeat(32) }],
    [3_000, 10, { limit: 3_000 }],
  ]
  for (const [count, most, query] of lists) {
    const all = vi.spyOn(StatementSync.prototype, 'all')
    const turns = countTurns()
    const events = await audit.listEvents(query)
    const run = all.mock.contexts.map((context) => (context instanceof StatementSync ? context.sourceSQL : ''))
    const reads = run.filter((text) => /^select .*"audit_event"/.test(text))
    all.mockRestore()
    expect(events, JSON.stringify(query)).toHaveLength(count)
    expect(reads.length, JSON.stringify(query)).toBeLessThanOrEqual(most)
    for (const text of reads) expect(text).toMatch(/"seq" >= \? and "seq" <= \?/)
    // Requests run after each, unless a page is full.
    expect(turns()).toBeGreaterThanOrEqual(Math.floor(reads.length / 2))
  }
  await destroy()
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
