import type { KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../oauth/algorithms.ts'
import type { KeyId } from '../oauth/ids.ts'
import { signatureAlgorithms } from './algorithms.ts'

/** Signs with one key. */
export interface Signer {
  readonly kid: KeyId
  readonly algorithm: SigningAlgorithm
  /** The base64url JWS signature (RFC 7515 §5.1) over `input`, which is ASCII. */
  sign(input: string): Promise<string>
}

interface Waiting {
  readonly input: string
  readonly resolve: (signature: string) => void
  readonly reject: (error: unknown) => void
}

/**
 * A signer that gathers what one turn of the event loop asks for and signs it in a row: signatures in a row keep the
 * code and tables of the curve in the processor's caches, which the handling of a request between any two would evict
 * (`docs/decisions/0002-sign-in-batches.md`).
 */
export function createBatchSigner(kid: KeyId, algorithm: SigningAlgorithm, privateKey: KeyObject): Signer {
  const { sign } = signatureAlgorithms[algorithm]
  let batch: Waiting[] = []

  function signBatch(): void {
    const signing = batch
    batch = []
    for (const { input, resolve, reject } of signing) {
      try {
        resolve(sign(input, privateKey).toString('base64url'))
      } catch (error) {
        reject(error)
      }
    }
  }

  return {
    kid,
    algorithm,
    sign: (input) =>
      new Promise((resolve, reject) => {
        if (batch.push({ input, resolve, reject }) === 1) setImmediate(signBatch)
      }),
  }
}
