import type { MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Adds to each audit event who caused it and what it changed, as JSON. Earlier events don't say so. */
export const actors: Migration = {
  does: 'adds to each audit event who caused it and what it changed',
  olderServers: 'work',
  work: [],
  up: async (db: MigratedDatabase): Promise<void> => {
    for (const column of ['actor', 'changes'])
      await db.schema.alterTable('audit_event').addColumn(column, 'text').execute()
  },
}
