import type { MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Adds the keys of requests that are not repeated, and their first answers. */
export const idempotency: Migration = {
  does: 'adds the keys of requests that are not repeated',
  olderServers: 'work',
  work: [],
  up: async (db: MigratedDatabase): Promise<void> => {
    await db.schema
      .createTable('idempotency_key')
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('request', 'text', (column) => column.notNull())
      .addColumn('answer', 'text')
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('idempotency_key_pkey', ['tenant', 'id'])
      .execute()
    await db.schema.createIndex('idempotency_key_expires_at').on('idempotency_key').column('expires_at').execute()
  },
}
