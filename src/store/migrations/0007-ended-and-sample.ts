import { sql } from 'kysely'
import type { MigratedDatabase } from '../dialect.ts'

/**
 * What operators have ended by commands, which no manifest brings back. Who had disabled a client was not kept until now: each
 * that is disabled counts as disabled by an operator, since the other mistake would enable it again.
 */
export const endedAndSample = {
  up: async (db: MigratedDatabase): Promise<void> => {
    const client = db.schema.alterTable('client')
    await client.addColumn('ended', 'text', (column) => column.notNull().defaultTo('{}')).execute()
    await sql`update client set ended = '{"disabled_at":' || updated_at || '}' where enabled = 0`.execute(db)
  },
}
