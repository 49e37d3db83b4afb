import type { IncomingHttpHeaders } from 'node:http'
import type { Endpoint, HttpResponse } from '../http/message.ts'
import { json, NEVER_STORED } from '../http/respond.ts'
import { STATEMENT_ALGORITHM } from '../oauth/algorithms.ts'
import type { ClientId } from '../oauth/ids.ts'
import { toSeconds } from '../platform/clock.ts'
import { scopeOf, tokenTypeOf } from '../tokens/claims.ts'
import type { TokenIntrospector } from '../tokens/introspection/introspector.ts'
import type { Issuer } from '../tokens/issue.ts'
import { signJwt } from '../tokens/jwt.ts'
import type { VerifiedToken } from '../tokens/verify.ts'
import { clientEndpoint, type PipelineContext } from './pipeline.ts'
import { requireToken } from './token-parameter.ts'

/** The parts of the server on which the introspection endpoint depends. */
export interface IntrospectionContext extends PipelineContext {
  readonly introspector: TokenIntrospector
  readonly issuer: Issuer
}

const JWT_TYPE = 'application/token-introspection+jwt'

/** `POST /as/introspect.oauth2` (RFC 7662 §2): an API asks whether a token is active, and gets its claims. */
export const introspectionEndpoint = (context: IntrospectionContext): Endpoint =>
  clientEndpoint(context, {
    action: 'token.introspect',
    isRecorded: false,
    parse: (form, { headers }) => ({ token: form.get('token'), wantsJwt: wantsJwt(headers) }),
    answer: async ({ client }, { parameters: { token, wantsJwt }, facts }) => {
      const verified = await context.introspector.introspect(client, requireToken(token))
      const answer = verified === undefined ? { active: false } : activeAnswer(verified)
      const response = wantsJwt ? await jwtResponse(context.issuer, client.id, answer, facts.at) : json(200, answer)
      return { response }
    },
  })

/** The claims of the token (RFC 7662 §2.2). The scopes are one string here, even if the token has a list. */
const activeAnswer = ({ claims }: VerifiedToken) => ({
  active: true,
  ...claims,
  scope: scopeOf(claims),
  token_type: tokenTypeOf(claims),
})

/** The most entries of an `Accept` header that are read. */
const MOST_RANGES = 50

const wantsJwt = ({ accept = '' }: IncomingHttpHeaders): boolean =>
  accept.split(',', MOST_RANGES).some((range) => range.split(';', 1)[0]?.trim().toLowerCase() === JWT_TYPE)

/** Signs the answer for the client that asked (RFC 9701 §5). @param at milliseconds */
async function jwtResponse(
  { url, keyring }: Issuer,
  caller: ClientId,
  answer: object,
  at: number,
): Promise<HttpResponse> {
  const claims = { iss: url, aud: caller, iat: toSeconds(at), token_introspection: answer }
  const body = await signJwt(await keyring.signer(STATEMENT_ALGORITHM), 'token-introspection+jwt', claims)
  return { status: 200, headers: { 'Content-Type': JWT_TYPE, ...NEVER_STORED }, body }
}
