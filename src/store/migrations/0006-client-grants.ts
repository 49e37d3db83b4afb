import type { MigratedDatabase } from '../sql/dialect.ts'

/** Adds the scopes that a client has at a single API, and its default API. */
export const clientGrants = {
  up: async (db: MigratedDatabase): Promise<void> => {
    const client = db.schema.alterTable('client')
    await client.addColumn('grants', 'text', (column) => column.notNull().defaultTo('[]')).execute()
    await client.addColumn('default_api', 'text').execute()
  },
}
