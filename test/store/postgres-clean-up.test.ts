import { cleanUpContract } from './clean-up.ts'
import { onPostgres } from './on-postgres.ts'

cleanUpContract('PostgreSQL', async () => {
  const { openTables, destroy } = await onPostgres()
  return { open: openTables, destroy }
})
