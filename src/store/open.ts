import type { Clock } from '../platform/clock.ts'
import type { Store } from './sql-store.ts'
import { openSqlite } from './sqlite/open.ts'

const SQLITE = 'sqlite:'

/** Opens the database that `location` names: `sqlite:` and a path. @throws DatabaseTooNew having changed nothing */
export const openStore = (location: string, clock: Clock): Promise<Store> =>
  openSqlite(location.slice(SQLITE.length), clock)
