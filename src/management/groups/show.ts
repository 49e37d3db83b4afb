import type { Group } from '../../model/group.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { NotFound } from '../../platform/user-error.ts'
import { requireEverywhere } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'

/** The present state of a group. @throws UserError if it does not exist */
export async function showGroup({ authority, store }: ManagementContext, name: string): Promise<Group | Unreadable> {
  requireEverywhere(authority, 'groups:read')
  const group = await store.groups.loadGroup(name)
  if (group === undefined) throw noGroup(name)
  return group
}

export const noGroup = (name: string): NotFound => new NotFound(`there is no group ${JSON.stringify(name)}`)
