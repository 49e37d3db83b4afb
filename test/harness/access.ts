import { loadOptions } from '../../src/config/load.ts'
import { resolveStorageAccess } from '../../src/config/resolve.ts'

/** How PostgreSQL is used where nothing is configured. */
export const DEFAULT_ACCESS = resolveStorageAccess(loadOptions({ env: {} }))

/** The same with time enough for a machine that is kept busy. Milliseconds. */
export const ACCESS = { ...DEFAULT_ACCESS, requestTimeout: 20_000 }
