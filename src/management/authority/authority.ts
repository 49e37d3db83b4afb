import type { GroupPermission } from '../../model/group.ts'
import { NotAllowed } from '../../platform/user-error.ts'
import { type Permission, permissionNames, permissions } from './permissions.ts'

/** The things that the author of a call may see and change. */
export interface Authority {
  /** Permissions over everything in the tenant. */
  readonly everywhere: ReadonlySet<Permission>
  /** Permissions over the clients and APIs that a group owns, by the name of the group. */
  readonly within: ReadonlyMap<string, ReadonlySet<GroupPermission>>
}

/** The authority of a command that opens the database itself: its user could change any row. */
export const FULL: Authority = { everywhere: new Set(permissionNames), within: new Map() }

/** The owners whose things a reader may see. */
type Owners = 'all' | readonly string[]

/** Whether the author has a permission over what this owner has. @param owner undefined if nobody owns it */
export function mayOver({ everywhere, within }: Authority, permission: Permission, owner: string | undefined): boolean {
  if (everywhere.has(permission)) return true
  const { within: same } = permissions[permission]
  return same !== undefined && owner !== undefined && within.get(owner)?.has(same) === true
}

/** Whether the author may see every client and API, so that nothing about them needs to be hidden. */
export const seesAll = ({ everywhere }: Authority): boolean =>
  everywhere.has('apis:read') && everywhere.has('clients:read')

/** @throws NotAllowed unless the author has the permission over everything */
export function requireEverywhere({ everywhere }: Authority, permission: Permission): void {
  if (!everywhere.has(permission)) throw lacking(permission)
}

/** @throws NotAllowed unless the author has the permission over what this owner has */
export function requireOver(authority: Authority, permission: Permission, owner: string | undefined): void {
  if (mayOver(authority, permission, owner)) return
  // The name of an owner is shown to those alone who may see its things.
  throw lacking(permission, mayOver(authority, 'clients:read', owner) ? owner : undefined)
}

/** @throws NotAllowed unless the author has the permission over everything, or in one group at least */
export function requireSomewhere(authority: Authority, permission: Permission): void {
  const owners = ownersFor(authority, permission)
  if (owners !== 'all' && owners.length === 0) throw lacking(permission)
}

/** The owners over whose things the author has a permission. Lists, searches, reads and counts all use this one rule. */
export function ownersFor({ everywhere, within }: Authority, permission: Permission): Owners {
  if (everywhere.has(permission)) return 'all'
  const { within: same } = permissions[permission]
  if (same === undefined) return []
  return [...within].flatMap(([group, has]) => (has.has(same) ? [group] : []))
}

/** The error for want of a permission. @param owner the owner to name, if there is one */
export function lacking(permission: Permission, owner?: string): NotAllowed {
  const { within, description } = permissions[permission]
  const here = owner === undefined ? '' : ` over what ${JSON.stringify(owner)} owns`
  const orMember = within === undefined ? '' : `, or membership with ${within} in the group that owns it`
  return new NotAllowed(`${description.toLowerCase()}${here}: this takes the permission ${permission}${orMember}`)
}
