import type { ClientId } from '../../oauth/ids.ts'
import type { Listed } from '../../platform/unreadable.ts'
import type { Api } from '../api.ts'
import type { Client, UnreadableClient } from '../client.ts'

/** Where the clients and APIs of one tenant are kept. Every call sees all that was committed before it; it rejects when the database fails. */
export interface DirectoryStore {
  /** Undefined where there is no such client. */
  loadClient(id: ClientId): Promise<Client | UnreadableClient | undefined>
  loadApis(): Promise<Listed<Api>>
  /** At most `most` clients that have a federated credential of this issuer, by id. */
  clientsTrusting(issuer: string, most: number): Promise<readonly ClientId[]>
  /** At most `most` clients whose id sorts behind `after`, by id. */
  listClients(after: string, most: number): Promise<readonly (Client | UnreadableClient)[]>
}
