import type { Clock } from '../../src/platform/clock.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import { ACCESS } from '../harness/access.ts'
import { sharedPostgres } from '../harness/postgres.ts'

/** Creates a database for a contract of the stores. The server outlives it, and ends with all of them. */
export async function onPostgres() {
  const postgres = await sharedPostgres()
  const url = await postgres.newMigrated()
  return {
    open: (clock: Clock) => openStore(url, clock, ACCESS),
    openTables: (clock: Clock) => openDatabase(url, clock, ACCESS),
    run: (sql: string) => postgres.query(sql, url),
    destroy: async () => {},
  }
}
