import { sql } from 'kysely'
import type { MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Adds one row with the id of the master key in use. In an existing database it is that of the oldest key, or else secret. */
export const masterKey: Migration = {
  does: 'records the master key in use',
  olderServers: { miss: 'they start with any master key' },
  work: [],
  up: async (db: MigratedDatabase): Promise<void> => {
    await db.schema
      .createTable('master_key')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('master_key_id', 'text', (column) => column.notNull())
      .execute()
    await sql`
      insert into master_key (id, master_key_id)
      select 1, master_key_id from (
        select master_key_id, created_at, 1 as place from "key"
        union all
        select master_key_id, created_at, 2 as place from credential where master_key_id is not null
      ) as encrypted
      order by place, created_at limit 1`.execute(db)
  },
}
