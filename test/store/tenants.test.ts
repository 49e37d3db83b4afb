import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import { TenantId } from '../../src/oauth/ids.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { migrateDatabase, openStore } from '../../src/store/open.ts'
import { emptyDatabase } from '../harness/empty-database.ts'
import { makeOldDatabase, migrationBefore } from '../harness/old-database.ts'
import { beforeTenantsContract, type HandledDatabase } from './before-tenants.ts'
import { callAll, tenantsContract } from './tenants.ts'

const newFolder = () => mkdtempSync(join(tmpdir(), 'tessera-tenants-'))

tenantsContract('SQLite', async () => {
  const folder = newFolder()
  const location = emptyDatabase(join(folder, 'tessera.db'))
  return {
    open: (clock: Clock) => openStore(location, clock),
    destroy: async () => rmSync(folder, { recursive: true }),
  }
})

async function create(): Promise<HandledDatabase> {
  const folder = newFolder()
  const path = join(folder, 'tessera.db')
  const use = <Result>(work: (database: DatabaseSync) => Result): Result => {
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: false })
    try {
      return work(database)
    } finally {
      database.close()
    }
  }
  return {
    location: `sqlite:${path}`,
    run: async (sql) => use((database) => database.exec(sql)),
    all: async (sql) => use((database) => database.prepare(sql).all()),
    bytes: (hex) => `x'${hex}'`,
    indexes: `
      select m.name as "table", (select group_concat(i.name order by i.seqno) from pragma_index_info(l.name) i) as columns
      from sqlite_master m, pragma_index_list(m.name) l where m.type = 'table'`,
    tables: `select name as "table" from sqlite_master where type = 'table' and name not like 'sqlite%'`,
    destroy: async () => rmSync(folder, { recursive: true }),
  }
}

beforeTenantsContract('SQLite', create)

/** Old rows are removed whoever they are of; by their keys, which name the tenant. The events of all tenants share a chain. */
const OF_ALL = [
  /^\s*update audit_chain set /,
  /^update "audit_chain" set "place" = place where /,
  // Events have one order, whoever they are of.
  /^\s*select \(select min\(seq\) from audit_event\) as first/,
  /^select \* from "audit_segment" where "segment" >= \?/,
  /^select "tenant", "id" from "idempotency_key" where "expires_at" < \?/,
  /^select "tenant", "id" from "replay_mark" where "expires_at" < \?/,
  /^select "tenant", "seq" from "revocation" where "expires_at" <= \?/,
  /^select \* from "key_consumer" where "last_seen" < \? order by/,
  /^select "tenant", "id" from "admin_session" where \("expires_at" < \?/,
  /^select "tenant", "device_hash" from "device_request" where "expires_at" < \?/,
]

test('every statement names the tenant', async () => {
  const database = await create()
  const store = await openStore(database.location, systemClock)
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare')
  await callAll(store.of(TenantId('t')))
  const statements = new Set(prepare.mock.calls.map(([sql]) => sql).filter((sql) => !sql.startsWith('pragma')))
  prepare.mockRestore()
  await store.close()
  await database.destroy()
  const names = (sql: string): boolean =>
    /^insert into "?\w+"? \((?:"?\w+"?, )*"?tenant"?[,)]/.test(sql) ||
    / where (?:.* and )?\(?(?:"\w+"\.)?"tenant" = \?/.test(sql)
  const others = [...statements].filter((sql) => !names(sql))
  expect(statements.size).toBeGreaterThan(50)
  expect(others.filter((sql) => !OF_ALL.some((pattern) => pattern.test(sql)))).toEqual([])
  for (const pattern of OF_ALL) expect(others).toContainEqual(expect.stringMatching(pattern))
})

test('a credential that was left without its client by hand does not stop the migration, and goes', async () => {
  const database = await create()
  await makeOldDatabase(database.location, migrationBefore('0011-tenants'))
  await database.run(`
    insert into credential (id, client_id, kind, label, hint, data, origin, created_at)
    values ('left', 'gone', 'secret', 'x', '', '{}', 'manifest', 1);
    insert into credential_use values ('left', 1)`)
  expect(await migrateDatabase(database.location, systemClock)).toContain('0011-tenants')
  expect(await database.all('select * from credential')).toEqual([])
  expect(await database.all('select * from credential_use')).toEqual([])
  await database.destroy()
})
