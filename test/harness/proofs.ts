/** DPoP proofs for a token endpoint. */

import { randomUUID } from 'node:crypto'
import { makeSigner, type Signer, signWith } from './tokens.ts'

export const signer = await makeSigner('ES256')

/** Changes to an otherwise good proof. */
export interface Changes {
  readonly claims?: object
  readonly header?: object
  readonly by?: Signer
  /** The time of the client's clock, in milliseconds. */
  readonly now?: number
}

/** A good proof, with `changes` applied. @param htu the token endpoint */
export const makeProof = (
  htu: string,
  { claims, header, by = signer, now = Date.now() }: Changes = {},
): Promise<string> =>
  signWith(
    by,
    { jti: randomUUID(), htm: 'POST', htu, iat: Math.floor(now / 1000), ...claims },
    { typ: 'dpop+jwt', jwk: by.publicJwk, ...header },
  )
