import type { AuditEvent } from '../../audit/event.ts'
import type { Encrypted } from '../../crypto/master-key.ts'
import type { ClientId, CredentialId } from '../../oauth/ids.ts'
import type { Listed } from '../../platform/unreadable.ts'
import type { Credential, SecretCredential, UnreadableCredential } from './credential.ts'
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
  /** The credentials of a client, oldest first; undefined if the client does not exist. */
  listCredentials(client: ClientId): Promise<Listed<UsedCredential, UnreadableCredential> | undefined>
  /** Stores uses. A use that is earlier than the stored one changes nothing. */
  noteUses(uses: readonly CredentialUse[]): Promise<void>
  /** At most `most` credentials that are not revoked and expire between the two times, soonest first. */
  listExpiring(from: number, to: number, most: number): Promise<Listed<OwnedCredential>>
  /** The credentials of the `tessera dev` sample. */
  listSamples(): Promise<Listed<OwnedCredential>>
  /** The generated secret whose SHA-256 digest, in base64url, begins so. It reads every credential, in steps. */
  findSecret(digestStart: string): Promise<OwnedCredential | undefined>
  /** The credentials whose secret is stored encrypted. */
  listRetrievable(): Promise<Listed<OwnedCredential<SecretCredential>>>
  /**
   * Replaces an imported hash by our own and records the event; false if the credential has changed since.
   * @param before the credential with the imported hash
   */
  replaceHash(before: SecretCredential, after: SecretCredential, event: AuditEvent): Promise<boolean>
  /** Replaces the encrypted copy of a secret and records the event; false if the secret has changed since. */
  replaceRetrievable(id: CredentialId, before: Encrypted, after: Encrypted, event: AuditEvent): Promise<boolean>
  /** Drops the encrypted copy of a secret, keeps its hash, and records the event; false if the secret has changed since. */
  forgetRetrievable(id: CredentialId, before: Encrypted, event: AuditEvent): Promise<boolean>
  /**
   * Claims the expiry warning for this credential and lead time. Returns true to exactly one caller, across processes.
   * @param days the lead time
   */
  claimWarning(id: CredentialId, days: number): Promise<boolean>
}
