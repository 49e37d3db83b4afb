import { afterAll, beforeAll } from 'vitest'
import type { Clock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { ACCESS } from '../harness/access.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { beforeTenantsContract } from './before-tenants.ts'
import { tenantsContract } from './tenants.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

tenantsContract('PostgreSQL', async () => {
  const url = await postgres.newSchema()
  return { open: (clock: Clock) => openStore(url, clock, ACCESS), destroy: async () => {} }
})

beforeTenantsContract('PostgreSQL', async () => {
  const location = await postgres.newSchema()
  return {
    location,
    run: async (sql) => void (await postgres.query(sql, location)),
    all: (sql) => postgres.query(sql, location),
    bytes: (hex) => `'\\x${hex}'::bytea`,
    indexes: `
      select t.relname as "table", (
        select string_agg(a.attname, ',' order by k.place) from unnest(x.indkey) with ordinality as k (number, place)
        join pg_attribute a on a.attrelid = t.oid and a.attnum = k.number) as columns
      from pg_index x join pg_class t on t.oid = x.indrelid
      where t.relnamespace = current_schema()::regnamespace`,
    tables: `select tablename as "table" from pg_tables where schemaname = current_schema()`,
    destroy: async () => {},
  }
})
