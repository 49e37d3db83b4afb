import type { MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Finds clients by the subject of their tokens. Few have another subject than their id. */
export const subjects: Migration = {
  does: 'finds clients by the subject of their tokens',
  olderServers: 'work',
  work: [{ table: 'client', perRow: { sqlite: 1, postgres: 1 } }],
  up: async ({ schema }: MigratedDatabase): Promise<void> => {
    await schema
      .createIndex('client_subject')
      .on('client')
      .columns(['tenant', 'subject'])
      .where('subject', 'is not', null)
      .execute()
  },
}
