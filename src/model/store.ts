import type { AuditEvent } from '../audit/event.ts'
import type { Audience, ClientId, CredentialId } from '../oauth/ids.ts'
import type { Unreadable } from '../platform/unreadable.ts'
import type { Api } from './api.ts'
import type { Client, UnreadableClient } from './client.ts'
import type { CredentialStep } from './credentials/store.ts'

/** The number of clients that are read at a time when all are read. */
const CLIENTS_IN_PAGE = 500

/** Every client, by id. Clients that are added or removed meanwhile may be among them or not. */
export async function* allClients(store: Pick<ModelStore, 'listClients'>): AsyncGenerator<Client | UnreadableClient> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: readonly (Client | UnreadableClient)[] = await store.listClients(after, CLIENTS_IN_PAGE)
    yield* page
    after = page.length < CLIENTS_IN_PAGE ? undefined : page.at(-1)?.id
  }
}

/** APIs and clients at one moment. */
export interface ModelSnapshot {
  /** The version of the model, which changes with any write of APIs or clients. */
  readonly version: number
  readonly apis: ReadonlyMap<Audience, Api>
  /** The requested clients that exist. */
  readonly clients: ReadonlyMap<ClientId, Client>
  /** APIs whose records can't be read. Writing such an API replaces the record. */
  readonly unreadableApis: readonly Unreadable[]
  /** The requested clients whose records can't be read. */
  readonly unreadableClients: ReadonlyMap<ClientId, UnreadableClient>
}

export interface ModelWrites {
  /** APIs to add, or to replace by audience. */
  readonly apis: readonly Api[]
  /** Clients to add, or to replace by id, with all their credentials. Unreadable credentials that a client lists stay. */
  readonly clients: readonly Client[]
  readonly event: AuditEvent
}

/** A change of one client. */
export interface ClientStep {
  readonly client: Client
  /** The event of the change; undefined if nothing changes, and nothing is to be written. */
  readonly event: AuditEvent | undefined
}

/** Reads and writes the model of one tenant. Every call rejects, with nothing written, if the database fails. */
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
   * @param plan called with the present client, possibly more than once; if it throws, nothing is written
   * @returns the result of `plan`
   */
  updateClient<Step extends ClientStep>(
    id: ClientId,
    plan: (client: Client | UnreadableClient | undefined) => Step,
  ): Promise<Step>
  /**
   * Reads and writes the credentials of a client in one transaction, with the event of the change.
   * @param plan called with the present client, possibly more than once; if it throws, nothing is written
   * @returns the result of `plan`; undefined if the client does not exist
   * @throws the errors of `plan`
   */
  updateCredentials<Step extends CredentialStep>(
    client: ClientId,
    plan: (client: Client | UnreadableClient) => Step,
  ): Promise<Step | undefined>
}
