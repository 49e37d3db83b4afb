import type { MigratedDatabase } from '../sql/dialect.ts'

/** Gives APIs an owner, and adds the groups that own clients and APIs. */
export const fleet = {
  up: async (db: MigratedDatabase): Promise<void> => {
    await db.schema.alterTable('api').addColumn('owner', 'text').execute()
    await addGroups(db)
  },
}

async function addGroups(db: MigratedDatabase): Promise<void> {
  await db.schema
    .createTable('group')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('group_key', ['tenant', 'name'])
    .execute()
  await db.schema
    .createTable('group_member')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('group_name', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('claim', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('permissions', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('group_member_key', ['tenant', 'group_name', 'kind', 'claim', 'id'])
    .addForeignKeyConstraint('group_member_group', ['tenant', 'group_name'], 'group', ['tenant', 'name'], (key) =>
      key.onDelete('cascade'),
    )
    .execute()
  await db.schema.createIndex('group_member_id').on('group_member').columns(['tenant', 'kind', 'claim', 'id']).execute()
}
