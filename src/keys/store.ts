import type { AuditEvent } from '../audit/event.ts'
import type { KeyId } from '../oauth/ids.ts'
import type { Listed, Unreadable } from '../platform/unreadable.ts'
import type { KeyAlgorithm } from './algorithms.ts'
import type { Encrypted } from './master-key.ts'

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

/** A key that can neither sign nor be verified with, since its record can't be read. */
export interface UnreadableKey extends Unreadable {
  readonly kind: 'key'
  readonly id: KeyId
  /** Undefined where not even that can be told. */
  readonly state: KeyState | undefined
}

/** All keys but those that are gone, oldest first. */
export interface KeyRows extends Listed<StoredKey, UnreadableKey> {
  /** Of the master key in use, which everything new is encrypted under; undefined where nothing was encrypted yet. */
  readonly masterKeyId: string | undefined
}

/** What a change of keys comes to. */
export interface KeyWrites {
  /** New rows, encrypted under the master key in use. */
  readonly add: readonly StoredKey[]
  /** The state and times of those with the same `kid`; what a key is made of never changes. */
  readonly put: readonly StoredKey[]
  /** Rows to be removed, readable or not. */
  readonly discard?: readonly KeyId[]
  /** Told in the same transaction. */
  readonly events?: readonly AuditEvent[]
}

/** Where keys are kept. Every call rejects when the database fails, and with a MasterKeyMismatch where another one is in use. */
export interface KeyStore {
  listKeys(): Promise<KeyRows>
  /** As `KeyRows` has it. */
  masterKeyInUse(): Promise<string | undefined>
  /** Puts another master key in use, and records that; false, and nothing is done, where `before` is in use no more. */
  replaceMasterKey(before: string | undefined, after: string, event: AuditEvent): Promise<boolean>
  /**
   * Changes keys in one transaction: `plan` sees them as they are, whatever any process wrote before, and says what to
   * write. Of processes that plan the same, the second finds it done. What it throws is passed on, and nothing is written.
   */
  updateKeys(plan: (rows: KeyRows) => KeyWrites): Promise<KeyWrites>
  /** Puts a private part, encrypted anew, in the place of what it was; false where that has changed since. */
  replaceEncrypted(kid: KeyId, before: Encrypted, after: Encrypted): Promise<boolean>
}
