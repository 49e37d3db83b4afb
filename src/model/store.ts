import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AuditEvent } from '../audit/event.ts'
import type { Audience, ClientId, CredentialId } from '../oauth/ids.ts'
import type { Unreadable } from '../platform/unreadable.ts'
import type { Api } from './api.ts'
import type { ApiSet } from './api-set.ts'
import type { Client, UnreadableClient } from './client.ts'
import type { CredentialStep } from './credentials/store.ts'
import type { Group } from './group.ts'

/** The number of attempts to change the model. An attempt fails if somebody else changes it between the plan and the commit. */
export const ATTEMPTS = 5

/** The number of clients that are read at a time when all are read. */
const CLIENTS_IN_PAGE = 500

/** Every client, by id. Clients that are added or removed meanwhile may be among them or not. */
export async function* allClients(store: Pick<ModelStore, 'listClients'>): AsyncGenerator<Client | UnreadableClient> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: readonly (Client | UnreadableClient)[] = await store.listClients(after, CLIENTS_IN_PAGE)
    yield* page
    // There may be a million clients. Requests are handled between pages.
    await nextTurn()
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
  readonly deleted?: ModelDeletions
  readonly event: AuditEvent
}

/** Things that end, with their tokens. No client that stays refers to the APIs. */
export interface ModelDeletions {
  readonly apis: readonly Audience[]
  /** A credential that has passed to another client stays. */
  readonly clients: readonly ClientId[]
  /** The new clients that take the places of these in groups, by former id. */
  readonly heirs?: ReadonlyMap<ClientId, ClientId>
}

/** A change of one client. */
export interface ClientStep {
  readonly client: Client
  /** The event of the change; undefined if nothing changes, and nothing is to be written. */
  readonly event: AuditEvent | undefined
}

/** The scopes and APIs that a client names, without the client itself. */
export interface ClientReferences {
  readonly id: ClientId
  /** As in `scopes` of the client. */
  readonly scopes: readonly string[]
  /** The APIs of its grants, its default API, and the APIs whose tokens it may introspect. */
  readonly apis: readonly Audience[]
}

/** A client or an API that a manifest owns. */
export type OwnedThing =
  | { readonly kind: 'api'; readonly id: Audience }
  | { readonly kind: 'client'; readonly id: ClientId }

/** The end of a client. */
export interface ClientDeletion {
  readonly event: AuditEvent
}

/** The end of an API. */
export interface ApiDeletion {
  /** The clients that referred to it, without their references. If they were taken over, they belong to no manifest. All else stays as it is. */
  readonly clients: readonly Client[]
  readonly event: AuditEvent
}

/** The state in which an API is deleted. */
export interface ApiToDelete {
  readonly api: Api | Unreadable | undefined
  /** All other APIs. */
  readonly others: ApiSet
  /** The requested clients, and those that have changed since. */
  readonly clients: readonly Client[]
}

/** Reads and writes the model of one tenant. Every call rejects, with nothing written, if the database fails. */
export interface ModelStore {
  snapshot(clients: readonly ClientId[]): Promise<ModelSnapshot>
  /** At most this many clients whose ids come after the given one, in the order of the database. */
  listClients(after: string, most: number): Promise<readonly (Client | UnreadableClient)[]>
  /** The clients whose tokens have one of these subjects, which are not their ids. */
  clientsWithSubject(
    subjects: readonly string[],
  ): Promise<readonly { readonly subject: string; readonly owner: string | undefined }[]>
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
  /** The references of at most this many clients whose ids come after the given one. `next` is the `after` of the next page, if there is one. */
  listReferences(
    after: string,
    most: number,
  ): Promise<{ readonly references: readonly ClientReferences[]; readonly next: string | undefined }>
  /**
   * At most this many of the things that a manifest owns, after the given one: the APIs first, then the clients, unreadable ones included.
   * @param after the last one of the previous page; undefined for the first page
   */
  ownedBy(manifest: string, after: OwnedThing | undefined, most: number): Promise<readonly OwnedThing[]>
  /**
   * Deletes a client with its credentials and its memberships in groups, and revokes its tokens, in one transaction. A later client of
   * the same id inherits none of them.
   * @param plan called with the present client and its groups, possibly more than once; if it throws, nothing is written
   */
  deleteClient<Step extends ClientDeletion>(
    id: ClientId,
    plan: (client: Client | UnreadableClient | undefined, groups: readonly (Group | Unreadable)[]) => Step,
  ): Promise<Step>
  /**
   * Deletes an API, changes clients and revokes the tokens of the API, in one transaction.
   * @param found the clients that referred to it at a version of the model
   * @param plan called with the present state, possibly more than once; if it throws, nothing is written
   * @returns undefined, with nothing written, if APIs or very many clients have changed since that version
   */
  deleteApi<Step extends ApiDeletion>(
    audience: Audience,
    found: { readonly version: number; readonly clients: readonly ClientId[] },
    plan: (state: ApiToDelete) => Step,
  ): Promise<Step | undefined>
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
