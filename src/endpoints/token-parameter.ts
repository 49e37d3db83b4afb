import { refusal } from '../grants/refusals.ts'

/**
 * The `token` parameter (RFC 7009 §2.1, RFC 7662 §2.1). The hint beside it is not needed, since a token shows its own format. It is
 * required after authentication, so that a stranger's request gets 401 whatever it lacks.
 * @throws Refusal `token_missing`
 */
export function requireToken(token: string | undefined): string {
  if (token === undefined) throw refusal('token_missing')
  return token
}
