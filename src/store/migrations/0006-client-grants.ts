import type { MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Adds the scopes that a client has at a single API, and its default API. */
export const clientGrants: Migration = {
  does: 'adds the scopes of a client at a single API, and its default API',
  olderServers: 'work',
  work: [],
  up: async (db: MigratedDatabase): Promise<void> => {
    const client = db.schema.alterTable('client')
    await client.addColumn('grants', 'text', (column) => column.notNull().defaultTo('[]')).execute()
    await client.addColumn('default_api', 'text').execute()
  },
}
