import { refusal } from '../grants/refusals.ts'

/**
 * Requires the `token` parameter (RFC 7009 §2.1, RFC 7662 §2.1). `token_type_hint` is ignored, since a token shows its
 * own format. Call this after authentication, so that a stranger gets 401 even without the parameter.
 * @throws Refusal `token_missing`
 */
export function requireToken(token: string | undefined): string {
  if (token === undefined) throw refusal('token_missing')
  return token
}
