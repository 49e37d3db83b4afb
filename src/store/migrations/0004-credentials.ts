import { sql } from 'kysely'
import type { Dialect, MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Adds credentials of every kind with their life and last use, marks of used JWT ids, and required proofs. */
export const credentials: Migration = {
  does: 'moves secrets into a table of credentials of every kind',
  olderServers: { fail: 'they find no secrets' },
  work: [{ table: 'client_secret', perRow: { sqlite: 12, postgres: 96 }, copies: true }],
  up: async (db: MigratedDatabase, { bytes }: Dialect): Promise<void> => {
    await db.schema
      .createTable('credential')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('client_id', 'text', (column) => column.notNull().references('client.client_id').onDelete('cascade'))
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('label', 'text', (column) => column.notNull())
      .addColumn('hint', 'text', (column) => column.notNull())
      .addColumn('data', 'text', (column) => column.notNull())
      // The outside issuer of a federated credential. The client is found by it.
      .addColumn('issuer', 'text')
      .addColumn('encrypted_secret', bytes)
      .addColumn('master_key_id', 'text')
      .addColumn('origin', 'text', (column) => column.notNull())
      .addColumn('replaces', 'text')
      .addColumn('replaced_expires_at', 'bigint')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .addColumn('warned_days', 'integer')
      .execute()
    await sql`
      insert into credential (id, client_id, kind, label, hint, data, origin, created_at, expires_at)
      select id, client_id, 'secret', label, hint, '{"hash":"' || hash || '"}', 'manifest', created_at, expires_at
      from client_secret`.execute(db)
    await db.schema.dropTable('client_secret').execute()
    await db.schema.createIndex('credential_client_id').on('credential').column('client_id').execute()
    await db.schema.createIndex('credential_expires_at').on('credential').column('expires_at').execute()
    await db.schema.createIndex('credential_issuer').on('credential').column('issuer').execute()
    await db.schema
      .createTable('credential_use')
      .addColumn('credential_id', 'text', (column) =>
        column.primaryKey().references('credential.id').onDelete('cascade'),
      )
      .addColumn('last_used_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('replay_mark')
      .addColumn('id', bytes, (column) => column.primaryKey())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('replay_mark_expires_at').on('replay_mark').column('expires_at').execute()

    const client = db.schema.alterTable('client')
    await client.addColumn('authentication', 'text', (column) => column.notNull().defaultTo('{}')).execute()
    await client.addColumn('require', 'text').execute()
    await db.schema.alterTable('api').addColumn('require', 'text').execute()
  },
}
