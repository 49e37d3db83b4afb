import { systemClock } from '../../src/platform/clock.ts'
import { eventSearchContract } from './event-search.ts'
import { onPostgres } from './on-postgres.ts'

eventSearchContract('PostgreSQL', async () => {
  const { openTables, destroy } = await onPostgres()
  return { db: await openTables(systemClock), destroy }
})
