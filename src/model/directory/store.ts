import type { ClientId } from '../../oauth/ids.ts'
import type { Listed } from '../../platform/unreadable.ts'
import type { Api } from '../api.ts'
import type { Client, UnreadableClient } from '../client.ts'

/** Reads the clients and APIs of one tenant. Every call sees all earlier commits, and rejects if the database fails. */
export interface DirectoryStore {
  /** The client of this id; undefined if it does not exist. */
  loadClient(id: ClientId): Promise<Client | UnreadableClient | undefined>
  loadApis(): Promise<Listed<Api>>
  /** At most `most` clients that have a federated credential of this issuer, by id. */
  clientsTrusting(issuer: string, most: number): Promise<readonly ClientId[]>
}
