import type { Signer } from '../keys/batch-signer.ts'
import type { TokenProfile } from './token-profile.ts'

/** The `typ` of a JWT of ours: an access token (RFC 9068 §2.1), or an introspection response (RFC 9701 §5). */
type Typ = TokenProfile['typ'] | 'token-introspection+jwt'

/** Signs a JWT in compact form (RFC 7515 §7.1). */
export const signJwt = (signer: Signer, typ: Typ, claims: object): Promise<string> =>
  signer.sign(`${signer.headers.of(typ)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`)
