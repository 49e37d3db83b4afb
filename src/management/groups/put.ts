import type { Group, GroupStep } from '../../model/group.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { requireEverywhere } from '../authority/authority.ts'
import { requireGroupRights } from '../authority/group-rights.ts'
import { type ManagementContext, recordedBy } from '../context.ts'
import { groupChange } from '../fields.ts'
import { type GroupInput, toGroup } from '../schemas/group.ts'

interface PutInput {
  readonly name: string
  /**
   * The group as it is to be. It is called with the present group, possibly more than once.
   * @throws UserError to refuse the change
   */
  readonly wanted: (before: Group | Unreadable | undefined) => Omit<GroupInput, 'name'>
}

/** A group that was written. */
interface PutGroup {
  readonly group: Group
  readonly isNew: boolean
}

/** Creates or replaces a group, even an unreadable one. @throws NotAllowed if it gives what the author lacks; the errors of `wanted` */
export async function putGroup(context: ManagementContext, { name, wanted }: PutInput): Promise<PutGroup> {
  requireEverywhere(context.authority, 'groups:write')
  const { group, isNew } = await context.store.groups.updateGroup(name, (before): PutGroup & GroupStep => {
    const after = toGroup({ ...wanted(before), name })
    requireGroupRights(context.authority, before, after)
    const change = groupChange(name, before, after)
    const isNew = before === undefined
    const event =
      change &&
      recordedBy(context, {
        type: isNew ? 'group.add' : 'group.change',
        detail: { group: name, members: after.members.length },
        changes: [change],
      })
    return { group: after, isNew, event }
  })
  return { group, isNew }
}
