import { sql } from 'kysely'
import type { Dialect, MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Adds the index of audit events, which is filled later (`docs/decisions/0033-events-indexed-later.md`), and the state of exports. */
export const auditIndex: Migration = {
  does: 'adds the index of audit events, which servers fill later, and the state of exports',
  olderServers: 'work',
  work: [{ table: 'audit_event', perRow: { sqlite: 0.7, postgres: 0.6 } }],
  up: async (db: MigratedDatabase, { storedInKey }: Dialect): Promise<void> => {
    await db.schema
      .createTable('audit_segment')
      .addColumn('segment', 'bigint', (column) => column.primaryKey())
      .addColumn('earliest', 'bigint')
      .addColumn('latest', 'bigint')
      .execute()
    await db.schema
      .createTable('audit_term')
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('term', 'text', (column) => column.notNull())
      .addColumn('segment', 'bigint', (column) => column.notNull())
      .addColumn('blocks', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('audit_term_primary', ['tenant', 'segment', 'term'])
      .modifyEnd(storedInKey)
      .execute()
    await db.schema
      .createTable('audit_export')
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('sink', 'text', (column) => column.notNull())
      .addColumn('holder', 'text')
      .addColumn('beat', 'bigint', (column) => column.notNull())
      .addColumn('positions', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('audit_export_primary', ['tenant', 'sink'])
      .execute()
    // A token's event has no actor, so this index costs it nothing.
    await sql`create index audit_event_actor on audit_event (seq) where actor is not null`.execute(db)
  },
}
