import { sql } from 'kysely'
import { cleanUpContract, TABLES } from './clean-up.ts'
import { onPostgres } from './on-postgres.ts'

const NAMES = sql.join(TABLES.map((name) => sql.table(name)))

cleanUpContract('PostgreSQL', async () => {
  const { openTables, destroy } = await onPostgres()
  return {
    open: openTables,
    empty: ({ writes }) => sql`truncate ${NAMES}`.execute(writes),
    // The server of the tests runs without autovacuum.
    analyze: ({ writes }) => sql`analyze ${NAMES}`.execute(writes),
    destroy,
  }
})
