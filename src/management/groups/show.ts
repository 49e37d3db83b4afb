import type { Group } from '../../model/group.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { UserError } from '../../platform/user-error.ts'
import type { ManagementContext } from '../context.ts'

/** The present state of a group. @throws UserError if it does not exist */
export async function showGroup({ store }: ManagementContext, name: string): Promise<Group | Unreadable> {
  const group = await store.groups.loadGroup(name)
  if (group === undefined) throw noGroup(name)
  return group
}

export const noGroup = (name: string): UserError => new UserError(`there is no group ${JSON.stringify(name)}`)
