import type { KeyId } from '../oauth/ids.ts'
import type { KeyAlgorithm } from './algorithms.ts'

/**
 * `pending`: published, not yet signing. `active`: signs. `retiring`: published until its last token has expired.
 * `revoked`: not published, its tokens are not valid. `gone`: as `revoked`, at the end of a normal life.
 */
export type KeyState = 'pending' | 'active' | 'retiring' | 'revoked' | 'gone'

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

/** What a change of keys comes to: rows that are new, and rows in the place of those with the same `kid`. */
export interface KeyWrites {
  readonly add: readonly StoredKey[]
  readonly put: readonly StoredKey[]
}

/** Where keys are kept. Every call rejects when the database fails. */
export interface KeyStore {
  /** All keys but those that are gone, oldest first. */
  listKeys(): Promise<readonly StoredKey[]>
  /**
   * Changes keys in one transaction: `plan` sees them as they are, whatever any process wrote before, and says what to
   * write. Of processes that plan the same, the second finds it done.
   */
  updateKeys(plan: (keys: readonly StoredKey[]) => KeyWrites): Promise<KeyWrites>
}
