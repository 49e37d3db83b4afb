import type { Api } from '../../model/api.ts'
import type { ApiSet } from '../../model/api-set.ts'
import { isValueOf } from '../../model/scope-patterns.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { NotAllowed } from '../../platform/user-error.ts'
import { noApi } from './absent.ts'
import { type Authority, lacking, mayOver, requireOver } from './authority.ts'
import { requireNewOwner } from './owner-rights.ts'
import type { Permission } from './permissions.ts'

/** The owner of an unreadable API is not known, so that only those with a permission everywhere have it over that API. */
export const ownerOf = (api: Api | Unreadable): string | undefined => ('problem' in api ? undefined : api.owner)

/** @throws NotAllowed without the permission over the API; NotFound if the author may not even see it */
export function requireOverApi(authority: Authority, permission: Permission, api: Api | Unreadable): void {
  const owner = ownerOf(api)
  if (mayOver(authority, permission, owner)) return
  throw mayOver(authority, 'apis:read', owner)
    ? lacking(permission, owner)
    : noApi('problem' in api ? api.id : api.audience)
}

/**
 * Refuses an API that its author may not write. A member of a group may not give it a scope that another owner's API has: requests
 * for that scope would become ambiguous, and clients that have it everywhere would have it here. Nor may it be common to all clients. A
 * group of scopes that gets larger gives its clients more, which takes the permission to grant.
 * @throws NotAllowed
 */
export function requireApiRights(
  authority: Authority,
  before: Api | Unreadable | undefined,
  after: Api,
  apis: ApiSet,
): void {
  if (before !== undefined) {
    requireOverApi(authority, 'apis:write', before)
    requireNewOwner(authority, 'api', ownerOf(before), after.owner)
  }
  requireOver(authority, 'apis:write', after.owner)
  const known = before === undefined || 'problem' in before ? undefined : before
  if (before !== undefined && growsGroups(known, after)) requireOver(authority, 'grants:write', ownerOf(before))
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
      throw new NotAllowed(`${JSON.stringify(scope.name)} is a scope of an API that is not yours`)
  }
}

/** Whether a group of scopes has a member that it had not before. */
const growsGroups = (before: Api | undefined, after: Api): boolean =>
  after.scopes.some(({ name, includes = [] }) => {
    const had = before?.scopes.find((one) => one.name === name)?.includes ?? []
    return includes.some((member) => !had.includes(member))
  })
