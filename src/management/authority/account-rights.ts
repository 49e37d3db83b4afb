import { NotAllowed } from '../../platform/user-error.ts'
import type { Authority } from './authority.ts'
import { requirePowerOfMembers } from './group-rights.ts'
import { permissionsOfRoles, type Role } from './permissions.ts'

/**
 * Refuses power over an account that may do more than the author.
 * @param roles those of the account, before and after @param groups the groups that name it
 * @throws NotAllowed
 */
export function requirePowerOverAccount(authority: Authority, roles: readonly Role[], groups: readonly string[]): void {
  const lacking = [...permissionsOfRoles(roles)].filter((name) => !authority.everywhere.has(name))
  if (lacking.length > 0)
    throw new NotAllowed(`the account may do ${lacking.slice(0, 5).join(' ')}, which you may not do yourself`)
  if (groups.length > 0) requirePowerOfMembers(authority)
}
