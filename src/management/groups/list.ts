import type { GroupSummary } from '../../model/group.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import type { ManagementContext } from '../context.ts'

/** At most `most` groups whose names come after the given one, by name. */
export const listGroups = (
  { store }: ManagementContext,
  { after = '', most }: { readonly after?: string | undefined; readonly most: number },
): Promise<readonly (GroupSummary | Unreadable)[]> => store.groups.listGroups(after, most)
