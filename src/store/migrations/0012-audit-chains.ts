import { sql } from 'kysely'
import type { Dialect, MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/**
 * Chains the events of each writer by hashes, and adds the checkpoints that sign the chains. Earlier events stay without a chain. The
 * new columns have no index, since that would cost as much as storing the event.
 */
export const auditChains: Migration = {
  does: 'chains audit events by hashes, and adds their checkpoints',
  olderServers: { miss: '`tessera audit verify` reports their events as unchained' },
  work: [],
  up: async (db: MigratedDatabase, dialect: Dialect): Promise<void> => {
    for (const [column, type] of [
      ['chain', 'bigint'] as const,
      ['place', 'bigint'] as const,
      ['hash', 'text'] as const,
    ])
      await db.schema.alterTable('audit_event').addColumn(column, type).execute()
    await db.schema
      .createTable('audit_chain')
      .addColumn('id', 'bigint', (id) => id.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('host', 'text', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('seed', dialect.bytes, (column) => column.notNull())
      .addColumn('after_seq', 'bigint', (column) => column.notNull())
      .addColumn('place', 'bigint', (column) => column.notNull())
      .addColumn('hash', 'text')
      .addColumn('signed_place', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('audit_removal')
      .addColumn('chain', 'bigint', (column) => column.notNull())
      .addColumn('first', 'bigint', (column) => column.notNull())
      .addColumn('last', 'bigint', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('cause', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('kid', 'text')
      .addColumn('signature', dialect.bytes)
      .addPrimaryKeyConstraint('audit_removal_pkey', ['chain', 'first'])
      .execute()
    await db.schema
      .createTable('audit_checkpoint')
      .addColumn('number', 'bigint', (number) => number.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('statement', 'text', (column) => column.notNull())
      .addColumn('signature', dialect.bytes, (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('audit_key')
      .addColumn('number', 'bigint', (number) => number.primaryKey())
      .addColumn('kid', 'text', (column) => column.notNull())
      .addColumn('public_key', dialect.bytes, (column) => column.notNull())
      .addColumn('encrypted_private_key', dialect.bytes)
      .addColumn('master_key_id', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('statement', 'text', (column) => column.notNull())
      .addColumn('signature', dialect.bytes, (column) => column.notNull())
      .addColumn('previous_signature', dialect.bytes)
      .execute()
    for (const [id, kind] of [[1, 'changes'] as const, [2, 'checkpoints'] as const])
      await sql`
        insert into audit_chain (id, kind, host, started_at, seed, after_seq, place, signed_place)
        select ${sql.lit(id)}, ${sql.lit(kind)}, '', 0, ${dialect.someBytes}, coalesce(max(seq), 0), 0, 0 from audit_event`.execute(
        db,
      )
  },
}
