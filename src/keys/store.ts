import type { KeyId } from '../oauth/ids.ts'
import type { Algorithm } from './algorithms.ts'

/** A signing key as it is kept. */
export interface StoredKey {
  readonly kid: KeyId
  readonly algorithm: Algorithm
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer
  /** PKCS #8, DER, encrypted under the master key. */
  readonly encryptedPrivateKey: Buffer
  /** Milliseconds. */
  readonly createdAt: number
}

/** Where signing keys are kept. Every call rejects when the database fails. */
export interface KeyStore {
  /** All keys, newest first. */
  listKeys(): Promise<readonly StoredKey[]>
  /** Keeps `key` unless there is one of its algorithm already: of processes that start at once, one succeeds. */
  addFirstKey(key: StoredKey): Promise<void>
}
