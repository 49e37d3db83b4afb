import type { Api } from '../../model/api.ts'
import type { ApiSet } from '../../model/api-set.ts'
import { isValueOf } from '../../model/scope-patterns.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { NotAllowed } from '../../platform/user-error.ts'
import { type Authority, mayOver, requireEverywhere, requireOver } from './authority.ts'

/**
 * Refuses an API that its author may not write. A member of a group may not give it a scope that another owner's API has: requests
 * for that scope would become ambiguous, and clients that have it everywhere would have it here. Nor may it be common to all clients.
 * @throws NotAllowed
 */
export function requireApiRights(
  authority: Authority,
  before: Api | Unreadable | undefined,
  after: Api,
  apis: ApiSet,
): void {
  if (before !== undefined && 'problem' in before) requireEverywhere(authority, 'apis:write')
  const known = before === undefined || 'problem' in before ? undefined : before
  if (known !== undefined) requireOver(authority, 'apis:write', known.owner)
  requireOver(authority, 'apis:write', after.owner)
  if (authority.everywhere.has('apis:write')) return
  for (const scope of after.scopes) {
    if (known?.scopes.some((one) => one.name === scope.name && one.common === scope.common)) continue
    if (scope.common)
      throw new NotAllowed(
        `${JSON.stringify(scope.name)} is common to all clients: this takes the permission apis:write`,
      )
    const other = apis.all.find(
      (api) =>
        api.audience !== after.audience &&
        !mayOver(authority, 'apis:write', api.owner) &&
        api.scopes.some((one) => one.name === scope.name || isValueOf(scope.name, one) || isValueOf(one.name, scope)),
    )
    if (other !== undefined)
      throw new NotAllowed(`${JSON.stringify(scope.name)} is a scope of ${other.audience}, which another group owns`)
  }
}
