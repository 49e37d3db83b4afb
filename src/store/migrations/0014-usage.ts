import type { MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Adds the counts of issued tokens and of refusals, by minute, hour and day. */
export const usage: Migration = {
  does: 'adds the counts of issued tokens and of refusals',
  olderServers: 'work',
  work: [],
  up: async (db: MigratedDatabase): Promise<void> => {
    await db.schema
      .createTable('usage')
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('resolution', 'text', (column) => column.notNull())
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('audience', 'text', (column) => column.notNull())
      .addColumn('credential_id', 'text', (column) => column.notNull())
      .addColumn('outcome', 'text', (column) => column.notNull())
      .addColumn('count', 'bigint', (column) => column.notNull())
      .addColumn('token_seconds', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('usage_primary', [
        'tenant',
        'resolution',
        'client_id',
        'at',
        'audience',
        'credential_id',
        'outcome',
      ])
      .execute()
    await db.schema.createIndex('usage_at').on('usage').columns(['tenant', 'resolution', 'at']).execute()
  },
}
