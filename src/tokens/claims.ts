import type { Client } from '../model/client.ts'
import type { Audience, ClientId, Jti } from '../oauth/ids.ts'
import type { Entitlement } from '../policy/entitlement.ts'
import type { Confirmation } from '../sender-constraint/verify-proof.ts'
import { clientClaims } from './profile.ts'
import { refusal } from './refusals.ts'
import type { TokenProfile } from './token-profile.ts'

/** The claims of an access token that this server uses (RFC 9068 §2.2). Times are in seconds. */
export interface AccessTokenClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: Audience | readonly Audience[]
  readonly client_id: ClientId
  readonly iat: number
  readonly exp: number
  readonly jti: Jti
  /** Space-separated (RFC 6749 §3.3). */
  readonly scope?: string | undefined
  readonly scp?: readonly string[] | undefined
  /** The key that the user of the token must possess (RFC 7800 §3.1). */
  readonly cnf?: Confirmation | undefined
}

/** The claims that only we set: those registered for access tokens, and others that verifiers treat like them. */
const RESERVED: readonly string[] = [
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'client_id', 'azp', 'scope', 'scp', 'cnf', 'act', 'may_act'],
  ...['auth_time', 'acr', 'amr', 'authorization_details', 'typ', 'active', 'token_type', 'username', 'sid', 'events'],
]

/** Whether the claim is reserved: neither client nor API may set it. */
export const isReservedClaim = (name: string): boolean => RESERVED.includes(name)

/** The most characters, since HTTP headers have limits. A longer token is neither issued nor parsed. */
export const LONGEST_TOKEN = 16_000

/** The claims that only the moment of issuance gives. */
export interface IssuanceClaims {
  readonly iss: string
  readonly iat: number
  readonly jti: Jti
  readonly cnf: Confirmation | undefined
}

/** Builds all claims of a token. Our claims come last, so that claims of a client or API can't replace them. */
export function buildClaims(
  { client, apis, scopes }: Entitlement,
  profile: TokenProfile,
  lifetime: number,
  { iss, iat, jti, cnf }: IssuanceClaims,
): AccessTokenClaims {
  const [first, ...others] = apis.map((api) => api.audience)
  if (first === undefined) throw new Error('an entitlement needs at least one API')
  const own = ownClaims(client, profile)
  refuseLarge(own)
  return {
    ...own,
    iss,
    sub: client.subject ?? client.id,
    aud: others.length === 0 ? first : [first, ...others],
    client_id: client.id,
    iat,
    exp: iat + lifetime,
    jti,
    ...(cnf && { cnf }),
    ...(profile.scopeClaims.includes('scope') && { scope: scopes.join(' ') }),
    ...(profile.scopeClaims.includes('scp') && { scp: scopes }),
  }
}

const ownClaims = (client: Client, profile: TokenProfile) => ({
  ...profile.claims,
  ...clientClaims(profile, client),
  ...client.token.claims,
})

/**
 * Refuses claims of over 16,000 characters before they become JSON. The metadata of a client may be larger, and an API may take one entry
 * of it for many claims.
 * @throws Refusal `token_too_large`
 */
function refuseLarge(claims: object): void {
  let left = LONGEST_TOKEN
  const count = (value: unknown): void => {
    // Each value takes at least one character, and each text at least its length.
    left -= typeof value === 'string' ? value.length : 1
    if (left < 0) throw refusal('token_too_large')
    if (Array.isArray(value)) for (const item of value) count(item)
    else if (typeof value === 'object' && value !== null)
      for (const [name, member] of Object.entries(value)) {
        left -= name.length
        count(member)
      }
  }
  count(claims)
}

/** The scopes of one of our tokens, from either claim. */
export const scopeOf = ({ scope, scp }: AccessTokenClaims): string => scope ?? scp?.join(' ') ?? ''

/** The token type: `DPoP` if using the token needs a proof (RFC 9449 §5), else `Bearer` (RFC 6750), also with a certificate. */
export const tokenTypeOf = ({ cnf }: AccessTokenClaims): 'DPoP' | 'Bearer' =>
  cnf !== undefined && 'jkt' in cnf ? 'DPoP' : 'Bearer'
