import type { Keyring } from '../keys/keyring.ts'
import { OAuthError } from '../oauth/error.ts'
import type { Jti } from '../oauth/ids.ts'
import { type Clock, toSeconds } from '../platform/clock.ts'
import type { Entitlement } from '../policy/entitlement.ts'
import type { Confirmation } from '../sender-constraint/prove.ts'
import { type AccessTokenClaims, buildClaims, LONGEST_TOKEN } from './claims.ts'
import { signJwt } from './jwt.ts'
import type { TokenProfiles } from './profile.ts'
import type { Sealer } from './sealed.ts'
import type { TokenProfile } from './token-profile.ts'

/** What issuing needs of the process. */
export interface Issuer {
  /** The `iss` of every token: our issuer identifier (RFC 8414 §2). */
  readonly issuer: string
  /** Seconds, where neither the client nor an API sets a lifetime. */
  readonly defaultLifetime: number
  readonly profiles: TokenProfiles
  readonly keyring: Pick<Keyring, 'signer' | 'sealingKey'>
  readonly sealer: Sealer
  readonly clock: Clock
}

export interface IssuedToken {
  readonly accessToken: string
  readonly claims: AccessTokenClaims
  /** Seconds. */
  readonly lifetime: number
}

/**
 * Makes the token that an entitlement allows. Touches no storage.
 * @param jti a UUID of version 7, whose time is that of the issuance
 * @param cnf what the token is bound to, if to anything
 * @throws OAuthError `incompatible_targets`, `token_too_large`, and `no_signing_key` while the first key of an algorithm is not yet in use
 */
export async function issueToken(
  issuer: Issuer,
  entitlement: Entitlement,
  jti: Jti,
  cnf?: Confirmation,
): Promise<IssuedToken> {
  const { profile, lifetime: apiLifetime } = issuer.profiles.shared(entitlement.apis, issuer.defaultLifetime)
  const lifetime = entitlement.client.token.lifetime ?? apiLifetime
  const drawn = { iss: issuer.issuer, iat: toSeconds(issuer.clock.now()), jti, cnf }
  const claims = buildClaims(entitlement, profile, lifetime, drawn)
  const accessToken = await encode(issuer, profile, claims)
  if (accessToken.length > LONGEST_TOKEN) throw new OAuthError('token_too_large')
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
