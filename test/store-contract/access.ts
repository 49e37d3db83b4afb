import { loadOptions } from '../../src/config/load.ts'
import { resolveStorageAccess } from '../../src/config/resolve.ts'

/** How PostgreSQL is used where nothing is configured. */
export const ACCESS = resolveStorageAccess(loadOptions({ env: {} }))
