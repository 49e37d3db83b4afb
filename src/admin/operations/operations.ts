import { apiOperations } from './apis.ts'
import { clientOperations } from './clients.ts'
import { credentialOperations } from './credentials.ts'
import { grantOperations } from './grants.ts'
import { keyOperations } from './keys.ts'
import type { Operation } from './operation.ts'
import { permissionOperations } from './permissions.ts'
import { revocationOperations } from './revocations.ts'
import { serverOperations } from './server.ts'
import { usageOperations } from './usage.ts'

/** Every operation of the admin API. The router, the permission check, OpenAPI and the commands all use this table. */
export const operations: readonly Operation[] = [
  ...apiOperations,
  ...clientOperations,
  ...grantOperations,
  ...credentialOperations,
  ...keyOperations,
  ...revocationOperations,
  ...permissionOperations,
  ...serverOperations,
  ...usageOperations,
]
