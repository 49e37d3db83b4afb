import type { ChangedThing } from '../../audit/changes.ts'
import { type GroupStore, inOrder } from '../../model/group.ts'
import type { ModelDeletions } from '../../model/store.ts'
import { ClientId } from '../../oauth/ids.ts'
import { groupChange } from '../fields.ts'

/** The changes of groups that clients leave, or in which their heirs take their places. */
export async function groupChanges(
  store: Pick<GroupStore, 'groupsOf' | 'loadGroup'>,
  { clients, heirs }: ModelDeletions,
): Promise<readonly (ChangedThing | undefined)[]> {
  const gone = new Set<string>(clients)
  const changes: (ChangedThing | undefined)[] = []
  for (const { group: name } of await store.groupsOf(clients.map((id) => ({ kind: 'client', id })))) {
    const group = await store.loadGroup(name)
    if (group === undefined || 'problem' in group) continue
    const members = group.members.flatMap((member) => {
      if (member.kind !== 'client' || !gone.has(member.id)) return [member]
      const heir = heirs?.get(ClientId(member.id))
      return heir === undefined ? [] : [{ ...member, id: heir }]
    })
    changes.push(groupChange(name, group, { ...group, members: inOrder(members) }))
  }
  return changes
}
