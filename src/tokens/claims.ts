import type { Client } from '../model/client.ts'
import type { Audience, ClientId, Jti } from '../oauth/ids.ts'
import type { Entitlement } from '../policy/entitlement.ts'
import type { Confirmation } from '../sender-constraint/prove.ts'
import { clientClaims } from './profile.ts'
import type { TokenProfile } from './token-profile.ts'

/** The claims of an access token that mean something here (RFC 9068 §2.2). Times in seconds. */
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
  /** The key that the user of the token must have (RFC 7800 §3.1). */
  readonly cnf?: Confirmation | undefined
}

/** The claims that only we set: those registered for access tokens, and what verifiers take for them. */
const RESERVED: readonly string[] = [
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'client_id', 'azp', 'scope', 'scp', 'cnf', 'act', 'may_act'],
  ...['auth_time', 'acr', 'amr', 'authorization_details', 'typ', 'active', 'token_type', 'username', 'sid', 'events'],
]

/** Whether a claim is none that a client or API may set. */
export const isReservedClaim = (name: string): boolean => RESERVED.includes(name)

/** Characters: HTTP headers take no more. A longer token is neither issued nor looked at. */
export const LONGEST_TOKEN = 16_000

export interface Drawn {
  readonly iss: string
  readonly iat: number
  readonly jti: Jti
  readonly cnf: Confirmation | undefined
}

/** All claims of a token: what we set comes last, so that nothing of a client's or API's can stand in its place. */
export function buildClaims(
  { client, apis, scopes }: Entitlement,
  profile: TokenProfile,
  lifetime: number,
  { iss, iat, jti, cnf }: Drawn,
): AccessTokenClaims {
  const [first, ...others] = apis.map((api) => api.audience)
  if (first === undefined) throw new Error('an entitlement is for one API at the least')
  return {
    ...ownClaims(client, profile),
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

/** The scopes of a token of ours, whichever way its claims say them. */
export const scopeOf = ({ scope, scp }: AccessTokenClaims): string => scope ?? scp?.join(' ') ?? ''

/** How a token is presented: `DPoP` where that takes a proof (RFC 9449 §5), else `Bearer` (RFC 6750), also with a certificate. */
export const tokenTypeOf = ({ cnf }: AccessTokenClaims): 'DPoP' | 'Bearer' =>
  cnf !== undefined && 'jkt' in cnf ? 'DPoP' : 'Bearer'
