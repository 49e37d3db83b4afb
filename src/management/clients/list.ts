import type { Client, UnreadableClient } from '../../model/client.ts'
import { allClients } from '../../model/store.ts'
import type { ManagementContext } from '../context.ts'

/** Every client, by id. Clients that are added or removed meanwhile may be listed or not. */
export const listClients = ({ store }: ManagementContext): AsyncGenerator<Client | UnreadableClient> =>
  allClients(store.model)
