import type { MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Adds the servers that share the database. */
export const nodes: Migration = {
  does: 'adds the servers that share the database',
  olderServers: 'work',
  work: [],
  up: async ({ schema }: MigratedDatabase): Promise<void> => {
    await schema
      .createTable('node')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('host', 'text', (column) => column.notNull())
      .addColumn('version', 'text', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .execute()
  },
}
