import type { Client, UnreadableClient } from '../../model/client.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { noClient } from '../authority/absent.ts'
import { mayOver } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'

/** The present state of a client. @throws NotFound if it does not exist, or the author may not see it */
export async function showClient(context: ManagementContext, id: ClientId): Promise<Client | UnreadableClient> {
  const client = await context.store.directory.loadClient(id)
  if (client === undefined || !maySee(context, client)) throw noClient(id)
  return client
}

/** Whether the author may see a client. The owner of a client whose record can't be read is unknown. */
export const maySee = (
  { authority }: Pick<ManagementContext, 'authority'>,
  client: Client | UnreadableClient,
): boolean => mayOver(authority, 'clients:read', 'problem' in client ? undefined : client.owner)
