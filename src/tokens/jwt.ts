import type { Signer } from '../keys/batch-signer.ts'
import type { Audience, ClientId, Jti } from '../oauth/ids.ts'

/** The claims of an access token (RFC 9068 §2.2). Times in seconds. */
export interface AccessTokenClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: Audience | readonly Audience[]
  readonly client_id: ClientId
  readonly iat: number
  readonly exp: number
  readonly jti: Jti
  readonly scope: string
}

/** RFC 9068 §2.1. */
const TYP = 'at+jwt'

const headers = new WeakMap<Signer, string>()

/** The encoded JOSE header: the same for all tokens of a key. */
function encodedHeader(signer: Signer): string {
  const known = headers.get(signer)
  if (known !== undefined) return known
  const header = JSON.stringify({ alg: signer.algorithm, typ: TYP, kid: signer.kid })
  const encoded = Buffer.from(header).toString('base64url')
  headers.set(signer, encoded)
  return encoded
}

/** A signed JWT in compact form (RFC 7515 §7.1). */
export async function signJwt(signer: Signer, claims: AccessTokenClaims): Promise<string> {
  const input = `${encodedHeader(signer)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
  return `${input}.${await signer.sign(input)}`
}
