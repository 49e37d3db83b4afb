import { sql } from 'kysely'
import type { Dialect, MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Numbers changes and revocations from a locked row, so that numbers have the order of the commits and no gaps. */
export const counters: Migration = {
  does: 'numbers changes and revocations from a locked row',
  olderServers: { fail: 'other servers miss their revocations' },
  work: [],
  up: async (db: MigratedDatabase, { lastNumber }: Dialect): Promise<void> => {
    await db.schema
      .createTable('counter')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('value', 'bigint', (column) => column.notNull())
      .execute()
    for (const name of ['change', 'revocation']) {
      await sql`insert into counter (name, value) select ${name}, coalesce((${lastNumber(name)}), 0)`.execute(db)
    }
  },
}
