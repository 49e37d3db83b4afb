import type { AuditEvent } from '../audit/event.ts'
import type { Api } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import type { Audience, ClientId, CredentialId } from '../oauth/ids.ts'

/** APIs and clients as they stood at one moment. */
export interface ModelSnapshot {
  /** Names that moment; any later write of APIs or clients makes another. */
  readonly version: number
  readonly apis: ReadonlyMap<Audience, Api>
  /** Those asked for, where they exist. */
  readonly clients: ReadonlyMap<ClientId, Client>
}

export interface ModelWrites {
  /** Added, or put in the place of the API of the same audience. */
  readonly apis: readonly Api[]
  /** Added, or put in the place of the client of the same id, credentials included. */
  readonly clients: readonly Client[]
  readonly event: AuditEvent
}

/** Where the model is read and written whole. Every call rejects when the database fails, having written nothing. */
export interface ManifestStore {
  snapshot(clients: readonly ClientId[]): Promise<ModelSnapshot>
  /** At most so many clients whose ids come after this one, in an order of the database's own. */
  listClients(after: string, most: number): Promise<readonly Client[]>
  /** When each of these credentials last proved something, in milliseconds; those that never did are not in it. */
  lastUses(credentials: readonly CredentialId[]): Promise<ReadonlyMap<CredentialId, number>>
  /** Writes everything in one transaction; false, and nothing is written, where the model has changed since `version`. */
  commit(version: number, writes: ModelWrites): Promise<boolean>
}
