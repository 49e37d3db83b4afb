import type { Signer } from '../keys/batch-signer.ts'
import type { TokenProfile } from './token-profile.ts'

/** The `typ` of a JWT of ours: an access token (RFC 9068 §2.1), or an introspection response (RFC 9701 §5). */
type Typ = TokenProfile['typ'] | 'token-introspection+jwt'

const headers = new WeakMap<Signer, Map<Typ, string>>()

/** The encoded JOSE header. All tokens with the same key and `typ` share it. */
function encodedHeader(signer: Signer, typ: Typ): string {
  const ofSigner = headers.get(signer) ?? new Map<Typ, string>()
  headers.set(signer, ofSigner)
  const known = ofSigner.get(typ)
  if (known !== undefined) return known
  const header = JSON.stringify({ alg: signer.algorithm, typ, kid: signer.kid })
  const encoded = Buffer.from(header).toString('base64url')
  ofSigner.set(typ, encoded)
  return encoded
}

/** Signs a JWT in compact form (RFC 7515 §7.1). */
export const signJwt = (signer: Signer, typ: Typ, claims: object): Promise<string> =>
  signer.sign(`${encodedHeader(signer, typ)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`)
