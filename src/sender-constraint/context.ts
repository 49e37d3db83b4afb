import type { AsymmetricAlgorithm } from '../crypto/jws/algorithms.ts'
import type { DpopNonces } from './nonce.ts'
import type { ProofKeys } from './proof-keys.ts'

/** Marks of what may be used once only. */
export interface ReplayMarks {
  /**
   * Whether this is the first time, on whichever node: of many that ask at once one alone is told so.
   * @param context within which an id is unique @param id of any size @param expiresAt milliseconds: until then it is known
   * @throws where the database does not answer
   */
  first(context: string, id: string, expiresAt: number): Promise<boolean>
}

/** What a proof is held against. */
export interface ProofContext {
  /** Of the request, in upper case. */
  readonly method: string
  /** The addresses that the endpoint goes by, without query and fragment. */
  readonly uris: readonly string[]
  /** The time of the request. Milliseconds. */
  readonly now: number
  readonly marks: ReplayMarks
  readonly keys: ProofKeys
  readonly nonces: DpopNonces
  readonly isNonceRequired: boolean
  /** The algorithms that may sign the proof. */
  readonly algorithms: readonly AsymmetricAlgorithm[]
}
