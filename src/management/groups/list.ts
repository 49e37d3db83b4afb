import type { GroupSummary } from '../../model/group.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { requireEverywhere } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'

/** At most `most` groups whose names come after the given one, by name. */
export async function listGroups(
  { authority, store }: ManagementContext,
  { after = '', most }: { readonly after?: string | undefined; readonly most: number },
): Promise<readonly (GroupSummary | Unreadable)[]> {
  requireEverywhere(authority, 'groups:read')
  return store.groups.listGroups(after, most)
}
