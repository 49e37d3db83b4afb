import { NotAllowed } from '../../platform/user-error.ts'
import type { Authority } from './authority.ts'
import { permissionsOfRoles, type Role } from './permissions.ts'

/** Refuses power over an account that may do more than the author. @param roles those of the account, before and after @throws NotAllowed */
export function requireRolesOver({ everywhere }: Authority, roles: readonly Role[]): void {
  const lacking = [...permissionsOfRoles(roles)].filter((name) => !everywhere.has(name))
  if (lacking.length === 0) return
  throw new NotAllowed(`the account may do ${lacking.slice(0, 5).join(' ')}, which you may not do yourself`)
}
