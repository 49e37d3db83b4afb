import type { UnreadableCredential } from '../../model/credentials/credential.ts'
import type { CredentialFilter, CredentialSort } from '../../model/fleet/filters.ts'
import type { Page, PageQuery } from '../../model/fleet/page.ts'
import type { CredentialSummary } from '../../model/fleet/store.ts'
import type { ManagementContext } from '../context.ts'
import { checkPage, seenBy, type VisibleOwners } from '../visible.ts'

/** A page of the credentials of all clients that a reader may see. @throws UserError if the page is too long */
export async function searchCredentials(
  { store }: ManagementContext,
  visible: VisibleOwners,
  query: PageQuery<CredentialFilter, CredentialSort>,
): Promise<Page<CredentialSummary | UnreadableCredential>> {
  checkPage(query.most, query.filter)
  return store.fleet.listCredentials({ ...query, filter: seenBy(visible, query.filter) })
}
