import type { Count, Group, GroupStep } from '../../model/group.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { Conflict } from '../../platform/user-error.ts'
import { requireEverywhere } from '../authority/authority.ts'
import { type ManagementContext, recordedBy } from '../context.ts'
import { groupChange } from '../fields.ts'
import { noGroup } from './show.ts'

interface DeleteInput {
  readonly name: string
  /** Called with the present group, possibly more than once. @throws UserError to refuse the deletion */
  readonly check?: (before: Group | Unreadable) => void
}

/** Deletes a group that owns nothing. @throws UserError if it does not exist, or owns something */
export async function deleteGroup(context: ManagementContext, { name, check = () => {} }: DeleteInput): Promise<void> {
  requireEverywhere(context.authority, 'groups:write')
  await context.store.groups.updateGroup(name, (before, { clients, apis }): GroupStep => {
    if (before === undefined) throw noGroup(name)
    check(before)
    const owned = [...counted(clients, 'client'), ...counted(apis, 'API')]
    if (owned.length > 0)
      throw new Conflict(`${JSON.stringify(name)} owns ${owned.join(' and ')}: give them another owner first`)
    const event = recordedBy(context, {
      type: 'group.delete',
      detail: { group: name },
      changes: [groupChange(name, before, undefined)],
    })
    return { group: undefined, event }
  })
}

const counted = ({ count, isMore }: Count, what: string): readonly string[] =>
  count === 0 ? [] : [`${isMore ? 'more than ' : ''}${count} ${what}${count === 1 ? '' : 's'}`]
