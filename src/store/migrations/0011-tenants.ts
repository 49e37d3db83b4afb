import { sql } from 'kysely'
import type { Dialect, MigratedDatabase, TenantTable } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/**
 * Every table except that of events, each after the one that its rows belong to. Every writer of the model locks its
 * counter first, so that table comes first here, too. Writers then wait for the migration, and can't deadlock with it.
 */
const TABLES: readonly TenantTable[] = [
  { name: 'counter', key: ['name'] },
  { name: 'api', key: ['audience'] },
  { name: 'client', key: ['client_id'] },
  { name: 'credential', key: ['id'], owner: { table: 'client', key: 'client_id', column: 'client_id' } },
  {
    name: 'credential_use',
    key: ['credential_id'],
    owner: { table: 'credential', key: 'id', column: 'credential_id' },
  },
  { name: 'key', key: ['kid'] },
  { name: 'master_key', key: [], without: 'id' },
  { name: 'key_consumer', key: ['address', 'user_agent'] },
  { name: 'replay_mark', key: ['id'] },
  { name: 'longest_lifetime', key: [], without: 'id' },
  { name: 'revocation', key: ['seq'] },
  { name: 'change', key: ['seq'] },
]

/** The indexes for lookups, which begin with the tenant. */
const LOOKUPS = {
  credential_client_id: ['credential', 'client_id'],
  credential_expires_at: ['credential', 'expires_at'],
  credential_issuer: ['credential', 'issuer'],
  revocation_id: ['revocation', 'id'],
} as const

/** The indexes for the removal of old rows, which works over all tenants. */
const CLEANING = {
  replay_mark_expires_at: ['replay_mark', 'expires_at'],
  revocation_expires_at: ['revocation', 'expires_at'],
  key_consumer_last_seen: ['key_consumer', 'last_seen'],
} as const

/**
 * The indexes for the few rows that are looked for among all of a tenant. By the index of the primary key, SQLite reads all rows in an
 * order in which they are not stored. Queries repeat these conditions to the letter, or no database uses the index.
 */
const FEW = {
  client_bound: [
    'client',
    `require in ('certificate_bound', 'sender_constrained') or token like '%"certificate_bound":true%'`,
  ],
  credential_certificate: ['credential', "kind = 'certificate'"],
  credential_sample: ['credential', "origin = 'sample'"],
  credential_retrievable: ['credential', 'master_key_id is not null'],
} as const

/**
 * Gives every row a tenant, which leads the primary keys. Existing rows get the default tenant. So do new rows that name no
 * tenant, so that a server of the previous version issues, introspects and revokes until it is replaced. It can't note last uses.
 */
export const tenants: Migration = {
  does: 'gives every row a tenant',
  olderServers: { miss: "they can't note last uses of credentials and consumers of the key set" },
  work: [
    { table: 'client', perRow: { sqlite: 7, postgres: 7.4 }, copies: true },
    { table: 'credential', perRow: { sqlite: 10, postgres: 34 }, copies: true },
    { table: 'replay_mark', perRow: { sqlite: 10, postgres: 18 }, copies: true },
    { table: 'revocation', perRow: { sqlite: 4, postgres: 16 }, copies: true },
    { table: 'change', perRow: { sqlite: 0.1, postgres: 6 }, copies: true },
  ],
  up: async (db: MigratedDatabase, dialect: Dialect): Promise<void> => {
    await dialect.addTenant(db, TABLES)
    // The table of events may be large, so it is not rewritten. Its key stays the one order of the events of all tenants.
    await db.schema
      .alterTable('audit_event')
      .addColumn('tenant', 'text', (column) => column.notNull().defaultTo('default'))
      .execute()
    for (const [index, [table, column]] of Object.entries(LOOKUPS)) {
      await sql`drop index if exists ${sql.ref(index)}`.execute(db)
      await db.schema.createIndex(index).on(table).columns(['tenant', column]).execute()
    }
    for (const [index, [table, condition]] of Object.entries(FEW))
      await sql`create index ${sql.ref(index)} on ${sql.table(table)} (tenant) where ${sql.raw(condition)}`.execute(db)
    // Only a database that had to rebuild the tables lacks these.
    for (const [index, [table, column]] of Object.entries(CLEANING))
      await db.schema.createIndex(index).ifNotExists().on(table).column(column).execute()
  },
}
