import type { CredentialFilter } from '../../model/fleet/filters.ts'
import type { Count } from '../../model/group.ts'
import type { ManagementContext } from '../context.ts'
import { checkFilter, seenBy, type VisibleOwners } from '../visible.ts'

/** The number of the credentials of all clients that a reader may see. @throws UserError if too many owners are named */
export async function countCredentials(
  { store }: ManagementContext,
  visible: VisibleOwners,
  filter: CredentialFilter,
): Promise<Count> {
  checkFilter(filter)
  return store.fleet.countCredentials(seenBy(visible, filter))
}
