import type { Dialect, MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Adds token profiles and permissions, the life of keys, the consumers of the key set, and revocations. */
export const tokens: Migration = {
  does: 'adds token profiles, the life of keys, consumers of the key set, and revocations; replaces all signing keys',
  olderServers: { fail: 'they find no signing keys' },
  work: [],
  up: async (db: MigratedDatabase, { autoIncrement, bytes }: Dialect): Promise<void> => {
    const client = db.schema.alterTable('client')
    await client.addColumn('metadata', 'text', (column) => column.notNull().defaultTo('{}')).execute()
    await client.addColumn('introspects', 'text', (column) => column.notNull().defaultTo('[]')).execute()
    await client.addColumn('restrict_scopes', 'integer', (column) => column.notNull().defaultTo(0)).execute()

    await db.schema.dropTable('signing_key').execute()
    await db.schema
      .createTable('key')
      .addColumn('kid', 'text', (column) => column.primaryKey())
      .addColumn('algorithm', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('public_key', bytes)
      .addColumn('encrypted_private_key', bytes, (column) => column.notNull())
      .addColumn('master_key_id', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('active_at', 'bigint', (column) => column.notNull())
      .addColumn('gone_at', 'bigint')
      .execute()
    await db.schema
      .createTable('key_consumer')
      .addColumn('address', 'text', (column) => column.notNull())
      .addColumn('user_agent', 'text', (column) => column.notNull())
      .addColumn('first_seen', 'bigint', (column) => column.notNull())
      .addColumn('last_seen', 'bigint', (column) => column.notNull())
      .addColumn('fetches', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('key_consumer_primary', ['address', 'user_agent'])
      .execute()
    await autoIncrement(db.schema.createTable('revocation'), 'seq')
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('issued_before', 'bigint')
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('revocation_expires_at').on('revocation').column('expires_at').execute()
    // One row holds the longest lifetime of any token since the database was created.
    await db.schema
      .createTable('longest_lifetime')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('milliseconds', 'bigint', (column) => column.notNull())
      .execute()
  },
}
