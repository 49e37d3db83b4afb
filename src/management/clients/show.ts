import type { Client, UnreadableClient } from '../../model/client.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { NotFound, type UserError } from '../../platform/user-error.ts'
import type { ManagementContext } from '../context.ts'

/** The present state of a client. @throws UserError if it does not exist */
export async function showClient(context: ManagementContext, id: ClientId): Promise<Client | UnreadableClient> {
  const client = await context.store.directory.loadClient(id)
  if (client === undefined) throw noClient(id)
  return client
}

export const noClient = (id: ClientId): UserError => new NotFound(`there is no client ${JSON.stringify(id)}`)
