import type { AuditEvent } from '../../audit/event.ts'
import type { Encrypted } from '../../crypto/master-key.ts'
import type { ClientId, CredentialId } from '../../oauth/ids.ts'
import type { Listed } from '../../platform/unreadable.ts'
import type { Credential, Credentials, SecretCredential, UnreadableCredential } from './credential.ts'
import type { CredentialWrites } from './life.ts'
import type { UsedCredential } from './status.ts'

/** One use of a credential. Milliseconds. */
export interface CredentialUse {
  readonly id: CredentialId
  readonly at: number
}

/** A credential and the client that it belongs to. */
export interface OwnedCredential<Kind extends Credential = Credential> {
  readonly clientId: ClientId
  readonly credential: Kind
}

/** A change of the credentials of one client. */
export interface CredentialStep {
  readonly writes: CredentialWrites
  readonly event: AuditEvent
}

/**
 * Stores the credentials of one tenant. Every call rejects when the database fails. It rejects with a MasterKeyMismatch when a new secret is encrypted
 * under a master key that is not in use. In both cases nothing was written.
 */
export interface CredentialStore {
  /** Oldest first; undefined where there is no such client. */
  listCredentials(client: ClientId): Promise<Listed<UsedCredential, UnreadableCredential> | undefined>
  /**
   * Reads and writes the credentials of a client in one transaction, with the event that tells of it.
   * @param plan called with the credentials as they are, once or again; what it throws is passed on, and nothing is written
   * @returns what `plan` returned; undefined where there is no such client
   */
  updateCredentials<Step extends CredentialStep>(
    client: ClientId,
    plan: (credentials: Credentials) => Step,
  ): Promise<Step | undefined>
  /** Remembers uses; an earlier one than is known changes nothing. */
  noteUses(uses: readonly CredentialUse[]): Promise<void>
  /** At most `most` credentials that count and expire between the two times, soonest first. */
  listExpiring(from: number, to: number, most: number): Promise<Listed<OwnedCredential>>
  /** The credentials of the `tessera dev` sample. */
  listSamples(): Promise<Listed<OwnedCredential>>
  /** Those whose secret can be read again. */
  listRetrievable(): Promise<Listed<OwnedCredential<SecretCredential>>>
  /** Replaces the encrypted copy of a secret and records the event; false if the secret has changed since. */
  replaceRetrievable(id: CredentialId, before: Encrypted, after: Encrypted, event: AuditEvent): Promise<boolean>
  /** Drops the encrypted copy of a secret, keeps its hash, and records the event; false if the secret has changed since. */
  forgetRetrievable(client: ClientId, id: CredentialId, before: Encrypted, event: AuditEvent): Promise<boolean>
  /**
   * Whoever is told true is to warn of a credential's expiry so many days ahead; nobody is twice.
   * @param days ahead of its expiry
   */
  claimWarning(id: CredentialId, days: number): Promise<boolean>
}
