import type { Api } from '../../model/api.ts'
import type { ApiSet } from '../../model/api-set.ts'
import { hasSeveralStars, isValueOf } from '../../model/scope-patterns.ts'
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
  requireFew(known, after, apis)
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

/** The most APIs of a group that its members may make. All APIs are in the memory of each server. */
const MOST_APIS = 500
/**
 * The most scopes with several `*` that members of a group may have in its APIs. A requested scope is compared with all that begin and
 * end alike, and a request may ask for hundreds.
 */
const MOST_WILDCARDS = 100

/** Refuses what the members of a group could make grow. Those that are there already may stay. @throws NotAllowed */
function requireFew(before: Api | undefined, after: Api, apis: ApiSet): void {
  const others = apis.all.filter(({ audience, owner }) => audience !== after.audience && owner === after.owner)
  const refuse = (most: number, what: string) =>
    new NotAllowed(`members of a group may give it at most ${most} ${what}: more takes the permission apis:write`)
  if (before?.owner !== after.owner && others.length >= MOST_APIS) throw refuse(MOST_APIS, 'APIs')
  const count = (all: readonly Api[]) =>
    all.reduce((sum, { scopes }) => sum + scopes.filter(({ name }) => hasSeveralStars(name)).length, 0)
  const had = before !== undefined && before.owner === after.owner ? [before] : []
  const most = Math.max(MOST_WILDCARDS, count([...others, ...had]))
  if (count([...others, after]) > most) throw refuse(MOST_WILDCARDS, 'scopes with several *')
}

/** Whether a group of scopes has a member that it had not before. */
const growsGroups = (before: Api | undefined, after: Api): boolean =>
  after.scopes.some(({ name, includes = [] }) => {
    const had = before?.scopes.find((one) => one.name === name)?.includes ?? []
    return includes.some((member) => !had.includes(member))
  })
