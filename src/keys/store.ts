import type { AuditEvent } from '../audit/event.ts'
import type { Encrypted } from '../crypto/master-key.ts'
import type { KeyId } from '../oauth/ids.ts'
import type { Listed, Unreadable } from '../platform/unreadable.ts'
import type { KeyAlgorithm } from './algorithms.ts'

/**
 * `pending`: published, not yet signing. `active`: signs. `retiring`: published until its last token has expired.
 * `revoked`: not published, its tokens are not valid. `gone`: as `revoked`, at the end of a normal life.
 */
export const keyStates = ['pending', 'active', 'retiring', 'revoked', 'gone'] as const

export type KeyState = (typeof keyStates)[number]

/** A key as it is kept. Times in milliseconds. */
export interface StoredKey {
  readonly kid: KeyId
  readonly algorithm: KeyAlgorithm
  readonly state: KeyState
  /** SubjectPublicKeyInfo, DER; undefined for a key that seals. */
  readonly publicKey: Buffer | undefined
  /** PKCS #8, DER, or the bytes of a secret key, encrypted under a master key. */
  readonly encryptedPrivateKey: Buffer
  /** The id of that master key. */
  readonly masterKeyId: string
  readonly createdAt: number
  /** When it became active, or for a pending one is to. */
  readonly activeAt: number
  /** For a retiring key, when its last token has expired. */
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
  /** The id of the master key in use, under which everything new is encrypted; undefined if nothing was encrypted yet. */
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

/** Stores the keys of one tenant. Every call rejects when the database fails, and with a MasterKeyMismatch when another master key is in use. */
export interface KeyStore {
  listKeys(): Promise<KeyRows>
  /** The same id as in `KeyRows`. */
  masterKeyInUse(): Promise<string | undefined>
  /** Puts another master key in use and records the event; false, with nothing written, if `before` is no longer in use. */
  replaceMasterKey(before: string | undefined, after: string, event: AuditEvent): Promise<boolean>
  /**
   * Changes keys in one transaction. `plan` gets the current rows and returns the writes. If two processes plan the same change, the
   * second one finds it done. If `plan` throws, nothing is written.
   */
  updateKeys(plan: (rows: KeyRows) => KeyWrites): Promise<KeyWrites>
  /** Replaces the encrypted private part of a key; false if it has changed since. */
  replaceEncrypted(kid: KeyId, before: Encrypted, after: Encrypted): Promise<boolean>
}
