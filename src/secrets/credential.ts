/** Client secrets: made, hashed and verified. May import `oauth` and `platform`. */

import type { CredentialId } from '../oauth/ids.ts'
import type { SecretHash } from './hash.ts'

/** One of the secrets of a client; any number may be valid at a time. */
export interface SecretCredential {
  readonly id: CredentialId
  /** Unique within the client; empty where none was given. */
  readonly label: string
  /** The last characters of a generated secret, so that a person can tell it from others; empty for a chosen one. */
  readonly hint: string
  readonly hash: SecretHash
  /** Milliseconds. */
  readonly createdAt: number
  /** Milliseconds; from then on it is refused. */
  readonly expiresAt: number | undefined
}
