import { sql } from 'kysely'
import type { MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/**
 * Adds indexes for the removal of rows that strangers add: consumers of the key set, and refused requests. The index of refusals
 * costs nothing for successful requests. Revoked tokens are looked up by their index once they are too many for memory.
 */
export const bounds: Migration = {
  does: 'adds indexes for the removal of old rows',
  olderServers: 'work',
  work: [
    { table: 'audit_event', perRow: { sqlite: 0.5, postgres: 0.7 } },
    { table: 'revocation', perRow: { sqlite: 1.3, postgres: 11 } },
  ],
  up: async (db: MigratedDatabase): Promise<void> => {
    await sql`create index key_consumer_last_seen on key_consumer (last_seen)`.execute(db)
    await sql`create index audit_event_refused on audit_event (seq) where result = 'refused'`.execute(db)
    await sql`create index revocation_id on revocation (id)`.execute(db)
  },
}
