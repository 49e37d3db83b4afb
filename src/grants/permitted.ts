import type { Client } from '../model/client.ts'
import type { GrantRequest } from './grant.ts'
import { refusal } from './refusals.ts'

/** @throws Refusal `unauthorized_client` if the client may not use this grant (RFC 6749 §5.2) */
export function requirePermitted(
  { grantTypes }: Client,
  { grantType, permission }: Pick<GrantRequest, 'grantType' | 'permission'>,
): void {
  const isListed = grantTypes.some((allowed) => allowed === grantType)
  if (permission === 'grant_types' && !isListed) {
    throw refusal('grant_not_allowed', { detail: { received: grantType, allowed: grantTypes } })
  }
}
