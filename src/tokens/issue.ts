import type { Keyring } from '../keys/keyring.ts'
import type { Jti } from '../oauth/ids.ts'
import { toSeconds } from '../platform/clock.ts'
import type { Confirmation } from '../sender-constraint/verify-proof.ts'
import { type AccessTokenClaims, buildClaims } from './claims.ts'
import type { DecidedToken } from './decide.ts'
import { signJwt } from './jwt.ts'
import { refuseLong } from './length.ts'
import type { TokenProfiles } from './profile.ts'
import type { Sealer } from './sealed.ts'
import type { TokenProfile } from './token-profile.ts'

/** The parts of the server on which issuance depends. */
export interface Issuer {
  /** The `iss` of every token: our issuer identifier (RFC 8414 §2). */
  readonly url: string
  /** The lifetime in seconds if neither the client nor an API sets one. */
  readonly defaultLifetime: number
  readonly profiles: TokenProfiles
  readonly keyring: Pick<Keyring, 'signer' | 'sealingKey'>
  readonly sealer: Sealer
}

/** The facts of one issuance. */
export interface Issuance {
  /** The request id, a UUID of version 7. */
  readonly jti: Jti
  /** The time of the request. Milliseconds. */
  readonly at: number
  /** The key that the token is bound to, if it is bound. */
  readonly cnf?: Confirmation | undefined
}

export interface IssuedToken {
  readonly accessToken: string
  readonly claims: AccessTokenClaims
  /** Seconds. */
  readonly lifetime: number
}

/**
 * Issues a token that was decided on. It does not use the database.
 * @throws Refusal `token_too_large`; NoSigningKey before the first key of an algorithm is in use
 */
export async function issueToken(
  issuer: Issuer,
  { entitlement, profile, lifetime }: DecidedToken,
  { jti, at, cnf }: Issuance,
): Promise<IssuedToken> {
  const claims = buildClaims(entitlement, profile, lifetime, { iss: issuer.url, iat: toSeconds(at), jti, cnf })
  const accessToken = await encode(issuer, profile, claims)
  refuseLong(accessToken.length)
  return { accessToken, claims, lifetime }
}

function encode({ keyring, sealer }: Issuer, profile: TokenProfile, claims: AccessTokenClaims): Promise<string> {
  if (profile.format === 'sealed') {
    const key = keyring.sealingKey()
    return key instanceof Promise ? key.then((found) => sealer.seal(found, claims)) : sealer.seal(key, claims)
  }
  const signer = keyring.signer(profile.algorithm)
  return signer instanceof Promise
    ? signer.then((found) => signJwt(found, profile.typ, claims))
    : signJwt(signer, profile.typ, claims)
}
