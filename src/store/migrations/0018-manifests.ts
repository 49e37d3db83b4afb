import type { Dialect, MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Says which manifest owns a client or an API. Nobody knows which manifest made the present ones, so none owns them. */
export const manifests: Migration = {
  does: 'says which manifest owns a client or an API',
  olderServers: 'work',
  work: [{ table: 'client_use', perRow: { sqlite: 3, postgres: 10 } }],
  up: async ({ schema }: MigratedDatabase, { bytewise }: Dialect): Promise<void> => {
    await schema.alterTable('api').addColumn('manifest', 'text').execute()
    await schema.alterTable('client').addColumn('manifest', 'text').execute()
    await schema
      .alterTable('client_use')
      .addColumn('manifest', bytewise, (column) => column.notNull().defaultTo(''))
      .execute()
    await schema
      .createIndex('client_use_manifest')
      .on('client_use')
      .columns(['tenant', 'manifest', 'client_id'])
      .execute()
  },
}
