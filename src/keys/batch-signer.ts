import type { KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../oauth/algorithms.ts'
import type { KeyId } from '../oauth/ids.ts'
import { createBatch } from '../platform/batch.ts'
import { signatureAlgorithms } from './algorithms.ts'

/** Signs with one key. */
export interface Signer {
  readonly kid: KeyId
  readonly algorithm: SigningAlgorithm
  /** `input`, which is ASCII, with the JWS signature over it: the compact serialization (RFC 7515 §7.1). */
  sign(input: string): Promise<string>
}

/** A signer that signs what one turn of the event loop asks for in a row. */
export function createBatchSigner(kid: KeyId, algorithm: SigningAlgorithm, privateKey: KeyObject): Signer {
  const { sign } = signatureAlgorithms[algorithm]
  const inBatch = createBatch()
  return {
    kid,
    algorithm,
    sign: (input) => inBatch(() => `${input}.${sign(input, privateKey).toString('base64url')}`),
  }
}
