import type { ClientFilter } from '../../model/fleet/filters.ts'
import type { Count } from '../../model/group.ts'
import type { ManagementContext } from '../context.ts'
import { checkFilter, seenBy, type VisibleOwners } from '../visible.ts'

/** The number of the clients that a reader may see. @throws UserError if the search is too long */
export async function countClients(
  { store }: ManagementContext,
  visible: VisibleOwners,
  filter: ClientFilter,
): Promise<Count> {
  checkFilter(filter)
  return store.fleet.countClients(seenBy(visible, filter))
}
