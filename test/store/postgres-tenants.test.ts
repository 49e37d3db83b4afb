import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { TenantId } from '../../src/oauth/ids.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { ACCESS } from '../harness/access.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { beforeTenantsContract } from './before-tenants.ts'
import { callAll, tenantsContract } from './tenants.ts'

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

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string | undefined
  readonly 'Index Cond'?: string | undefined
  readonly Plans?: readonly PlanNode[] | undefined
}

const planNode: z.ZodType<PlanNode> = z.looseObject({
  'Node Type': z.string(),
  'Relation Name': z.string().optional(),
  'Index Cond': z.string().optional(),
  get Plans() {
    return z.array(planNode).optional()
  },
})
const explained = z.object({ rows: z.tuple([z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: planNode })]) })]) })

/** The steps of a plan that read a table. */
const scansOf = (node: PlanNode): readonly PlanNode[] => [
  ...(/Scan$/.test(node['Node Type']) ? [node] : []),
  ...(node.Plans ?? []).flatMap(scansOf),
]

/** Old rows are removed whoever they are of. Events have one order, of which each statement reads a part. */
const OF_ALL_TENANTS = [
  /^select \* from "key_consumer" where "last_seen" < /,
  /^select "tenant", "\w+" from "(?:revocation|replay_mark|idempotency_key|device_request)" where "expires_at" /,
  /^select "tenant", "id" from "admin_session" where \("expires_at" < /,
  // The ends of that order, without what is between.
  /^\s*select \(select min\(seq\) from audit_event\)/,
]

test('every statement finds the rows of its tenant by an index, and reads no others', async () => {
  const url = await postgres.newSchema()
  const store = await openStore(url, systemClock, ACCESS)
  const query = vi.spyOn(pg.Client.prototype, 'query')
  await callAll(store.of(TenantId('t')))
  const given: readonly unknown[] = query.mock.calls.map(([one]) => one)
  query.mockRestore()
  await store.close()
  const texts = given.map((one) =>
    z.union([z.string(), z.object({ text: z.string() }).transform(({ text }) => text)]).parse(one),
  )
  const statements = new Set(texts.filter((text) => /^\s*(?:select|insert|update|delete|with)\b/.test(text)))
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  // A table is read from end to end only if no index will do.
  await client.query('set enable_seqscan = off')
  const { rows } = await client.query(
    `select table_name from information_schema.columns where column_name = 'tenant' and table_schema = current_schema()`,
  )
  const tables = rows.map(({ table_name: name }) => String(name))
  const walks: { readonly text: string; readonly step: string }[] = []
  for (const text of statements) {
    const {
      rows: [
        {
          'QUERY PLAN': [{ Plan: plan }],
        },
      ],
    } = explained.parse(await client.query(`explain (generic_plan, format json) ${text}`))
    for (const scan of scansOf(plan)) {
      const { 'Relation Name': table = '', 'Index Cond': own = '', Plans: children = [] } = scan
      if (!tables.includes(table)) continue
      const conditions = [own, ...children.map((child) => child['Index Cond'] ?? '')].join(' ')
      const isOwn = table === 'audit_event' ? /\bseq\b/ : /\btenant = /
      if (!isOwn.test(conditions)) walks.push({ text, step: `${scan['Node Type']} of ${table} by ${conditions}` })
    }
  }
  await client.end()
  expect(statements.size).toBeGreaterThan(50)
  for (const one of OF_ALL_TENANTS) expect([...statements]).toContainEqual(expect.stringMatching(one))
  expect(walks.filter(({ text }) => !OF_ALL_TENANTS.some((one) => one.test(text)))).toEqual([])
})
