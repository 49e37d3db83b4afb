import type { UnreadableCredential } from '../../model/credentials/credential.ts'
import type { UsedCredential } from '../../model/credentials/status.ts'
import type { ClientId } from '../../oauth/ids.ts'
import type { Listed } from '../../platform/unreadable.ts'
import { noClient } from '../authority/absent.ts'
import { showClient } from '../clients/show.ts'
import type { ManagementContext } from '../context.ts'

/** The credentials of a client and their last uses, oldest first. @throws NotFound if the client does not exist, or the author may not see it */
export async function listCredentials(
  context: ManagementContext,
  client: ClientId,
): Promise<Listed<UsedCredential, UnreadableCredential>> {
  await showClient(context, client)
  const listed = await context.store.credentials.listCredentials(client)
  if (listed === undefined) throw noClient(client)
  return listed
}
