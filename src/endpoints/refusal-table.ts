import { adminRefusals } from '../admin/refusals.ts'
import { assertionRefusals } from '../client-auth/assertions/refusals.ts'
import { certificateRefusals } from '../client-auth/certificates/refusals.ts'
import { federationRefusals } from '../client-auth/federation/refusals.ts'
import { clientAuthRefusals } from '../client-auth/refusals.ts'
import { remoteKeyRefusals } from '../client-auth/remote-jwks/refusals.ts'
import { grantRefusals } from '../grants/refusals.ts'
import { domainRefusals, httpRefusals } from '../http/refusals.ts'
import type { RefusalTable } from '../oauth/refusal.ts'
import { policyRefusals } from '../policy/refusals.ts'
import { proofRefusals } from '../sender-constraint/refusals.ts'
import { introspectionRefusals } from '../tokens/introspection/refusals.ts'
import { tokenRefusals } from '../tokens/refusals.ts'
import { endpointRefusals } from './refusals.ts'

/** Every refusal of the server, merged from the tables of its features. The reference page is generated from it. */
export const refusals = {
  ...httpRefusals,
  ...endpointRefusals,
  ...clientAuthRefusals,
  ...assertionRefusals,
  ...federationRefusals,
  ...certificateRefusals,
  ...remoteKeyRefusals,
  ...proofRefusals,
  ...policyRefusals,
  ...tokenRefusals,
  ...introspectionRefusals,
  ...grantRefusals,
  ...domainRefusals,
  ...adminRefusals,
} as const

const byReason: RefusalTable = refusals

/** The refusal with this reason; undefined if this version of the server has none, such as for an old event. */
export const refusalOf = (reason: string) => (Object.hasOwn(byReason, reason) ? byReason[reason] : undefined)
