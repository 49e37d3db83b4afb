import { sql } from 'kysely'
import type { MigratedDatabase } from '../dialect.ts'

/**
 * Indexes for the removal of what strangers add: who fetched the key set, and refused requests. That of refusals costs the
 * events of requests that succeed nothing. Revoked tokens are looked up here once they are too many for memory.
 */
export const bounds = {
  up: async (db: MigratedDatabase): Promise<void> => {
    await sql`create index key_consumer_last_seen on key_consumer (last_seen)`.execute(db)
    await sql`create index audit_event_refused on audit_event (seq) where result = 'refused'`.execute(db)
    await sql`create index revocation_id on revocation (id)`.execute(db)
  },
}
