import type { Keyring } from '../keys/keyring.ts'
import { OAuthError } from '../oauth/error.ts'
import { Jti } from '../oauth/ids.ts'
import { type Clock, toSeconds } from '../platform/clock.ts'
import { type RandomBytes, uuidv7 } from '../platform/random.ts'
import type { Entitlement } from '../policy/entitlement.ts'
import { type AccessTokenClaims, buildClaims, LONGEST_TOKEN } from './claims.ts'
import { signJwt } from './jwt.ts'
import { sharedProfile, type TokenProfile } from './profile.ts'
import type { Sealer } from './sealed.ts'

/** What issuing needs of the process. */
export interface Issuer {
  /** The `iss` of every token: our issuer identifier (RFC 8414 §2). */
  readonly issuer: string
  /** Seconds, where neither the client nor an API sets a lifetime. */
  readonly defaultLifetime: number
  readonly keyring: Keyring
  readonly sealer: Sealer
  readonly clock: Clock
  readonly random: RandomBytes
}

export interface IssuedToken {
  readonly accessToken: string
  readonly claims: AccessTokenClaims
  /** Seconds. */
  readonly lifetime: number
}

/**
 * Makes the token that an entitlement allows. Touches no storage.
 * @throws OAuthError `incompatible_targets`, `token_too_large`, and `no_signing_key` while the first key of an algorithm is not yet in use
 */
export async function issueToken(issuer: Issuer, entitlement: Entitlement): Promise<IssuedToken> {
  const { clock, random } = issuer
  const { profile, lifetime: apiLifetime } = sharedProfile(entitlement.apis, issuer.defaultLifetime)
  const lifetime = entitlement.client.token.lifetime ?? apiLifetime
  const drawn = { iss: issuer.issuer, iat: toSeconds(clock.now()), jti: Jti(uuidv7(clock, random)) }
  const claims = buildClaims(entitlement, profile, lifetime, drawn)
  const accessToken = await encode(issuer, profile, claims)
  if (accessToken.length > LONGEST_TOKEN) throw new OAuthError('token_too_large')
  return { accessToken, claims, lifetime }
}

async function encode({ keyring, sealer }: Issuer, profile: TokenProfile, claims: AccessTokenClaims): Promise<string> {
  if (profile.format === 'sealed') {
    const key = keyring.sealingKey()
    return sealer.seal(key instanceof Promise ? await key : key, claims)
  }
  const signer = keyring.signer(profile.algorithm)
  return signJwt(signer instanceof Promise ? await signer : signer, profile.typ, claims)
}
