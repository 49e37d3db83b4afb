import type { Dialect, MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Creates the tables for APIs, clients and their secrets, signing keys, the list of changes, and the audit log. */
export const first: Migration = {
  does: 'creates the tables of APIs, clients, keys, changes and audit events',
  olderServers: { fail: 'they have no database without it' },
  work: [],
  up: async (db: MigratedDatabase, { autoIncrement, bytes }: Dialect): Promise<void> => {
    await db.schema
      .createTable('api')
      .addColumn('audience', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text')
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('token', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('client')
      .addColumn('client_id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text')
      .addColumn('description', 'text')
      .addColumn('owner', 'text')
      .addColumn('tags', 'text', (column) => column.notNull())
      .addColumn('enabled', 'integer', (column) => column.notNull())
      .addColumn('subject', 'text')
      .addColumn('grant_types', 'text', (column) => column.notNull())
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('default_scopes', 'text', (column) => column.notNull())
      .addColumn('token', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('client_secret')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('client_id', 'text', (column) => column.notNull().references('client.client_id').onDelete('cascade'))
      .addColumn('label', 'text', (column) => column.notNull())
      .addColumn('hint', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addUniqueConstraint('client_secret_label', ['client_id', 'label'])
      .execute()
    await db.schema
      .createTable('signing_key')
      .addColumn('kid', 'text', (column) => column.primaryKey())
      .addColumn('algorithm', 'text', (column) => column.notNull())
      .addColumn('public_key', bytes, (column) => column.notNull())
      .addColumn('encrypted_private_key', bytes, (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
    await autoIncrement(db.schema.createTable('change'), 'seq')
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute()
    await autoIncrement(db.schema.createTable('audit_event'), 'seq')
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('result', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('client_id', 'text')
      .addColumn('remote_address', 'text')
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('trace_id', 'text')
      .addColumn('detail', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('audit_event_request_id').on('audit_event').column('request_id').execute()
  },
}
