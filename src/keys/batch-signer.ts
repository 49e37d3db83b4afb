import type { KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../oauth/algorithms.ts'
import type { KeyId } from '../oauth/ids.ts'
import { createBatch } from '../platform/batch.ts'
import { signatureAlgorithms } from './algorithms.ts'

/** The encoded JOSE headers of one key. They differ in `typ` alone, of which a server has a handful. */
class JoseHeaders {
  readonly #key: Pick<Signer, 'kid' | 'algorithm'>
  readonly #byTyp = new Map<string, string>()

  constructor(key: Pick<Signer, 'kid' | 'algorithm'>) {
    this.#key = key
  }

  /** The header of a JWT of this `typ`, in base64url. */
  of(typ: string): string {
    return this.#byTyp.get(typ) ?? this.#encode(typ)
  }

  #encode(typ: string): string {
    const header = JSON.stringify({ alg: this.#key.algorithm, typ, kid: this.#key.kid })
    const encoded = Buffer.from(header).toString('base64url')
    this.#byTyp.set(typ, encoded)
    return encoded
  }
}

/** Signs with one key. */
export interface Signer {
  readonly kid: KeyId
  readonly algorithm: SigningAlgorithm
  readonly headers: JoseHeaders
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
    headers: new JoseHeaders({ kid, algorithm }),
    sign: (input) => inBatch(() => `${input}.${sign(input, privateKey).toString('base64url')}`),
  }
}
