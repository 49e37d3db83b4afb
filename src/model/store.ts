import type { AuditEvent } from '../audit/event.ts'
import type { Audience, ClientId, CredentialId } from '../oauth/ids.ts'
import type { Unreadable } from '../platform/unreadable.ts'
import type { Api } from './api.ts'
import type { Client, UnreadableClient } from './client.ts'

/** How many clients are read at a time where all are. */
export const CLIENTS_IN_PAGE = 500

/** APIs and clients as they stood at one moment. */
export interface ModelSnapshot {
  /** Names that moment; any later write of APIs or clients makes another. */
  readonly version: number
  readonly apis: ReadonlyMap<Audience, Api>
  /** Those asked for, where they exist. */
  readonly clients: ReadonlyMap<ClientId, Client>
  /** APIs whose records can't be read. Writing such an API replaces the record. */
  readonly unreadableApis: readonly Unreadable[]
  /** The same for the requested clients. */
  readonly unreadableClients: ReadonlyMap<ClientId, UnreadableClient>
}

export interface ModelWrites {
  /** Added, or put in the place of the API of the same audience. */
  readonly apis: readonly Api[]
  /** Clients to add, or to replace by id, with all their credentials. Unreadable credentials that a client lists stay. */
  readonly clients: readonly Client[]
  readonly event: AuditEvent
}

/** A change of one client. */
export interface ClientStep {
  readonly client: Client
  /** Undefined if the client stays as it is: then nothing is written. */
  readonly event: AuditEvent | undefined
}

/** Where the model of one tenant is read and written whole. Every call rejects when the database fails, having written nothing. */
export interface ModelStore {
  snapshot(clients: readonly ClientId[]): Promise<ModelSnapshot>
  /** At most this many clients whose ids come after the given one, in the order of the database. */
  listClients(after: string, most: number): Promise<readonly (Client | UnreadableClient)[]>
  /** The time of the last use of each of these credentials, in milliseconds. Credentials that were never used are left out. */
  lastUses(credentials: readonly CredentialId[]): Promise<ReadonlyMap<CredentialId, number>>
  /**
   * Writes everything in one transaction; false, with nothing written, if the model has changed since `version`. If a client is disabled
   * or enabled by this, its earlier tokens are revoked.
   */
  commit(version: number, writes: ModelWrites): Promise<boolean>
  /**
   * Changes one client in one transaction; tokens are revoked as by `commit`.
   * @param plan called with the client as it is, once or again; if it throws, nothing is written
   * @returns what `plan` returned
   */
  updateClient<Step extends ClientStep>(
    id: ClientId,
    plan: (client: Client | UnreadableClient | undefined) => Step,
  ): Promise<Step>
}
