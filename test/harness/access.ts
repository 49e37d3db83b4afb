import { loadOptions } from '../../src/config/load.ts'
import { resolveStorageAccess } from '../../src/config/resolve.ts'

/** The access to PostgreSQL that the default options give. */
export const DEFAULT_ACCESS = resolveStorageAccess(loadOptions({ env: {} }))

/** The default access with a request timeout (milliseconds) that a busy machine meets, too, and many callers who wait in a row. */
export const ACCESS = { ...DEFAULT_ACCESS, requestTimeout: 60_000 }
