import type { AuditEvent } from '../audit/event.ts'
import type { Encrypted } from '../crypto/master-key.ts'
import type { KeyId } from '../oauth/ids.ts'
import type { Listed, Unreadable } from '../platform/unreadable.ts'
import type { KeyAlgorithm } from './algorithms.ts'

/**
 * `pending`: published, not yet signing. `active`: signs. `retiring`: published until its last token has expired.
 * `revoked`: not published, its tokens are not valid. `gone`: like `revoked`, after a normal life.
 */
export const keyStates = ['pending', 'active', 'retiring', 'revoked', 'gone'] as const

export type KeyState = (typeof keyStates)[number]

/** A stored key. Times are in milliseconds. */
export interface StoredKey {
  readonly kid: KeyId
  readonly algorithm: KeyAlgorithm
  readonly state: KeyState
  /** SubjectPublicKeyInfo, DER; undefined for a sealing key. */
  readonly publicKey: Buffer | undefined
  /** PKCS #8, DER, or the bytes of a secret key, encrypted under a master key. */
  readonly encryptedPrivateKey: Buffer
  /** The id of that master key. */
  readonly masterKeyId: string
  readonly createdAt: number
  /** The time at which the key became active, or at which a pending key will. */
  readonly activeAt: number
  /** The time at which the last token of a retiring key has expired. */
  readonly goneAt: number | undefined
}

/** A key whose row can't be read, or that can't be used. */
export interface UnreadableKey extends Unreadable {
  readonly kind: 'key'
  readonly id: KeyId
  /** Undefined if not even the state can be read. */
  readonly state: KeyState | undefined
}

/** All keys except those that are gone, oldest first. */
export interface KeyRows extends Listed<StoredKey, UnreadableKey> {
  /** The id of the master key in use, which encrypts everything new; undefined if nothing was encrypted yet. */
  readonly masterKeyId: string | undefined
}

/** The writes of one change of keys. */
export interface KeyWrites {
  /** New rows, encrypted under the master key in use. */
  readonly add: readonly StoredKey[]
  /** Keys whose state and times are updated. The key material never changes. */
  readonly put: readonly StoredKey[]
  /** Rows to remove, readable or not. */
  readonly discard?: readonly KeyId[]
  /** Audit events, written in the same transaction. */
  readonly events?: readonly AuditEvent[]
}

/** Stores the keys of one tenant. A call rejects when the database fails, or with a MasterKeyMismatch when another master key is in use. */
export interface KeyStore {
  listKeys(): Promise<KeyRows>
  /** The id of the master key in use, as in `KeyRows`. */
  masterKeyInUse(): Promise<string | undefined>
  /** Puts another master key in use and records the event. Returns false and writes nothing if `before` is no longer in use. */
  replaceMasterKey(before: string | undefined, after: string, event: AuditEvent): Promise<boolean>
  /**
   * Changes keys in one transaction. `plan` gets the current rows and returns the writes. If two processes plan the same change,
   * the second one finds it done. If `plan` throws, nothing is written.
   */
  updateKeys<Writes extends KeyWrites>(plan: (rows: KeyRows) => Writes): Promise<Writes>
  /** Replaces the encrypted private part of a key and records the event; false if the key has changed since. */
  replaceEncrypted(kid: KeyId, before: Encrypted, after: Encrypted, event: AuditEvent): Promise<boolean>
}
