import type { KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../oauth/algorithms.ts'
import type { KeyId } from '../oauth/ids.ts'
import { createBatch } from '../platform/batch.ts'
import { signatureAlgorithms } from './algorithms.ts'

/** Signs with one key. */
export interface Signer {
  readonly kid: KeyId
  readonly algorithm: SigningAlgorithm
  /** Signs `input`, which is ASCII. Resolves with the JWS in compact serialization (RFC 7515 §7.1). */
  sign(input: string): Promise<string>
}

/** Makes a signer that makes all signatures of one turn of the event loop in a row (see `createBatch`). */
export function createBatchSigner(kid: KeyId, algorithm: SigningAlgorithm, privateKey: KeyObject): Signer {
  const { sign } = signatureAlgorithms[algorithm]
  const inBatch = createBatch()
  return {
    kid,
    algorithm,
    sign: (input) => inBatch(() => `${input}.${sign(input, privateKey).toString('base64url')}`),
  }
}
