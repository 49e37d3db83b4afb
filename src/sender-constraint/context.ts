import type { AsymmetricAlgorithm } from '../crypto/jws/algorithms.ts'
import type { DpopNonces } from './nonce.ts'
import type { ProofKeys } from './proof-keys.ts'

/** Remembers the ids that may be used only once. */
export interface ReplayMarks {
  /**
   * Whether this id is new on all nodes. If several requests ask at once, only one gets true.
   * @param context the scope within which an id is unique @param id a text of any length
   * @param expiresAt the time until which the id is remembered, in milliseconds
   * @throws StorageUnavailable
   */
  first(context: string, id: string, expiresAt: number): Promise<boolean>
}

/** The facts and settings that a proof is checked against. */
export interface ProofContext {
  /** The method of the request, in upper case. */
  readonly method: string
  /** The addresses of the endpoint, without query and fragment. */
  readonly uris: readonly string[]
  /** The SHA-256 of the access token that the proof goes with, in base64url (RFC 9449 §4.3); undefined at the token endpoint. */
  readonly accessTokenHash?: string
  /** The time of the request. Milliseconds. */
  readonly now: number
  readonly marks: ReplayMarks
  readonly keys: ProofKeys
  readonly nonces: DpopNonces
  readonly isNonceRequired: boolean
  /** The algorithms that may sign the proof. */
  readonly algorithms: readonly AsymmetricAlgorithm[]
}
