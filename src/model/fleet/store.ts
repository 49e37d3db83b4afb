import type { ClientId } from '../../oauth/ids.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import type { Client, UnreadableClient } from '../client.ts'
import type { Credential, UnreadableCredential } from '../credentials/credential.ts'
import type { statusOf, UsedCredential } from '../credentials/status.ts'
import type { Count } from '../group.ts'
import type { ClientFilter, ClientSort, CredentialFilter, CredentialSort } from './filters.ts'
import type { Page, PageQuery } from './page.ts'

/** A client as a line of a list. Times in milliseconds. */
export interface ClientSummary extends Pick<Client, 'id' | 'name' | 'owner' | 'manifest' | 'tags' | 'enabled'> {
  /** The kinds of its valid credentials. */
  readonly kinds: readonly Credential['kind'][]
  /** The methods that it may use; undefined for all of its kinds. */
  readonly methods: Client['authentication']['methods']
  /** Undefined if it was never used. */
  readonly lastUsedAt: number | undefined
  /** The next expiry of one of its credentials; undefined if none expires. */
  readonly nextExpiryAt: number | undefined
  readonly createdAt: number
}

/** A credential as a line of a list over all clients. */
export interface CredentialSummary extends UsedCredential {
  readonly clientId: ClientId
  readonly owner: string | undefined
  readonly status: ReturnType<typeof statusOf>
}

/** Lists the clients and credentials of one tenant. Every call rejects if the database fails. */
export interface FleetStore {
  listClients(query: PageQuery<ClientFilter, ClientSort>): Promise<Page<ClientSummary | Unreadable>>
  /** As `listClients`, with everything about each client. */
  readClients(query: PageQuery<ClientFilter, ClientSort>): Promise<Page<Client | UnreadableClient>>
  /** Exact up to 10,000. A count of several filters may stop before, when it took too much work. */
  countClients(filter: ClientFilter): Promise<Count>
  listCredentials(
    query: PageQuery<CredentialFilter, CredentialSort>,
  ): Promise<Page<CredentialSummary | UnreadableCredential>>
  /** As `countClients`. */
  countCredentials(filter: CredentialFilter): Promise<Count>
  /** Notes the expiries that have passed, in at most `most` clients, so that lists show the next ones. @returns how many; 0 once none is left */
  passExpiries(most: number): Promise<number>
}
