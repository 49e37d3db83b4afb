import type { ClientFilter, ClientSort } from '../../model/fleet/filters.ts'
import type { Page, PageQuery } from '../../model/fleet/page.ts'
import type { ClientSummary } from '../../model/fleet/store.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import type { ManagementContext } from '../context.ts'
import { checkPage, seenBy, type VisibleOwners } from '../visible.ts'

/** A page of the clients that a reader may see. @throws UserError if the page or the search is too long */
export async function searchClients(
  { store }: ManagementContext,
  visible: VisibleOwners,
  query: PageQuery<ClientFilter, ClientSort>,
): Promise<Page<ClientSummary | Unreadable>> {
  checkPage(query.most, query.filter)
  return store.fleet.listClients({ ...query, filter: seenBy(visible, query.filter) })
}
