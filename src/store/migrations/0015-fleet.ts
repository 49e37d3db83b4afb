import type { MigratedDatabase } from '../sql/dialect.ts'

/** Gives APIs an owner. */
export const fleet = {
  up: async (db: MigratedDatabase): Promise<void> => {
    await db.schema.alterTable('api').addColumn('owner', 'text').execute()
  },
}
