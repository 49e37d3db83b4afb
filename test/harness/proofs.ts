/** DPoP proofs for a token endpoint. */

import { randomUUID } from 'node:crypto'
import { makeSigner, type Signer, signWith } from './tokens.ts'

export const signer = await makeSigner('ES256')

/** What a proof is made of beyond what makes it good. */
export interface Changes {
  readonly claims?: object
  readonly header?: object
  readonly by?: Signer
  /** Whose clock it is made by, in milliseconds. */
  readonly now?: number
}

/** A proof, good but for what is changed. @param htu the token endpoint */
export const makeProof = (
  htu: string,
  { claims, header, by = signer, now = Date.now() }: Changes = {},
): Promise<string> =>
  signWith(
    by,
    { jti: randomUUID(), htm: 'POST', htu, iat: Math.floor(now / 1000), ...claims },
    { typ: 'dpop+jwt', jwk: by.publicJwk, ...header },
  )
