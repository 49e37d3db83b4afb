import { accountOperations } from './accounts.ts'
import { apiClientOperations } from './api-clients.ts'
import { apiOperations } from './apis.ts'
import { auditOperations } from './audit.ts'
import { clientOperations } from './clients.ts'
import { credentialOperations } from './credentials.ts'
import { deletionOperations } from './deletions.ts'
import { explanationOperations } from './explanations.ts'
import { exportOperations } from './exports.ts'
import { fleetOperations } from './fleet.ts'
import { grantOperations } from './grants.ts'
import { groupOperations } from './groups.ts'
import { inspectionOperations } from './inspections.ts'
import { keyOperations } from './keys.ts'
import { labOperations } from './lab.ts'
import { nodeOperations } from './nodes.ts'
import type { Operation } from './operation.ts'
import { permissionOperations } from './permissions.ts'
import { planOperations } from './plans.ts'
import { revocationOperations } from './revocations.ts'
import { serverOperations } from './server.ts'
import { sessionOperations } from './sessions.ts'
import { usageOperations } from './usage.ts'

/** Every operation of the admin API. The router, the permission check, OpenAPI and the commands all use this table. */
export const operations: readonly Operation[] = [
  ...apiOperations,
  ...apiClientOperations,
  ...clientOperations,
  ...grantOperations,
  ...credentialOperations,
  ...keyOperations,
  ...revocationOperations,
  ...permissionOperations,
  ...accountOperations,
  ...sessionOperations,
  ...serverOperations,
  ...nodeOperations,
  ...usageOperations,
  ...planOperations,
  ...groupOperations,
  ...fleetOperations,
  ...exportOperations,
  ...explanationOperations,
  ...labOperations,
  ...inspectionOperations,
  ...deletionOperations,
  ...auditOperations,
]
