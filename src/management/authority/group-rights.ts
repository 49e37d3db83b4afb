import { type Group, memberKey } from '../../model/group.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { NotAllowed } from '../../platform/user-error.ts'
import type { Authority } from './authority.ts'
import { ofMembers, type Permission, standsFor } from './permissions.ts'

/** Refuses a group in which a member gets a permission that its author lacks. @throws NotAllowed */
export function requireGroupRights(authority: Authority, before: Group | Unreadable | undefined, after: Group): void {
  const known = before === undefined || 'problem' in before ? [] : before.members
  const had = new Map(known.map((member) => [memberKey(member), member.permissions]))
  const given = after.members.flatMap((member) =>
    member.permissions.filter((name) => !had.get(memberKey(member))?.includes(name)),
  )
  requireAll(authority, [...new Set(given)].flatMap(standsFor), 'its new members could')
}

/** Refuses power over somebody who acts as a member of groups, since these may have any permission. @throws NotAllowed */
export const requirePowerOfMembers = (authority: Authority): void =>
  requireAll(authority, [...ofMembers, 'groups:write'], 'a member of groups may')

function requireAll({ everywhere }: Authority, needed: readonly Permission[], who: string): void {
  const lacking = needed.filter((name) => !everywhere.has(name))
  if (lacking.length === 0) return
  throw new NotAllowed(`${who} do things for which you lack permissions: ${lacking.slice(0, 5).join(' ')}`)
}
