import type { MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Drops the index of request ids, which took half of the time of writing events. The time in a request id leads to its event. */
export const auditByTime: Migration = {
  does: 'drops an index of audit events',
  olderServers: 'work',
  work: [{ table: 'audit_event', perRow: { sqlite: 0.1, postgres: 0.1 } }],
  up: async (db: MigratedDatabase): Promise<void> => {
    await db.schema.dropIndex('audit_event_request_id').execute()
  },
}
