import { sql } from 'kysely'
import type { Dialect, MigratedDatabase } from '../sql/dialect.ts'

/** Changes and revocations are numbered by a row that who numbers must hold: in the order of their commits, without gaps. */
export const counters = {
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
