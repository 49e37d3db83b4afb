/** Access tokens: their claims, and how they become bytes. May import `oauth`, `platform`, `policy`, `keys`. */

import type { Keyring } from '../keys/keyring.ts'
import { Jti } from '../oauth/ids.ts'
import { type Clock, toSeconds } from '../platform/clock.ts'
import { type RandomBytes, uuidv7 } from '../platform/random.ts'
import type { Entitlement } from '../policy/entitlement.ts'
import { signJwt } from './jwt.ts'

/** What issuing needs of the process. */
export interface Issuer {
  /** The `iss` of every token: our issuer identifier (RFC 8414 §2). */
  readonly issuer: string
  readonly keyring: Keyring
  readonly clock: Clock
  readonly random: RandomBytes
}

export interface IssuedToken {
  readonly accessToken: string
  readonly jti: Jti
  /** Seconds. */
  readonly lifetime: number
}

/** Makes the token that an entitlement allows. Touches no storage. */
export async function issueToken(
  { issuer, keyring, clock, random }: Issuer,
  entitlement: Entitlement,
): Promise<IssuedToken> {
  const { client, subject, audience, scope, lifetime } = entitlement
  const iat = toSeconds(clock.now())
  const jti = Jti(uuidv7(clock, random))
  const accessToken = await signJwt(keyring.signer('ES256'), {
    iss: issuer,
    sub: subject,
    aud: audience,
    client_id: client.id,
    iat,
    exp: iat + lifetime,
    jti,
    scope,
  })
  return { accessToken, jti, lifetime }
}
