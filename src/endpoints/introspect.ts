import { type AuthenticatedClient, type Authentication, authenticateClient } from '../client-auth/authenticate.ts'
import type { Endpoint, HttpRequest, HttpResponse } from '../http/message.ts'
import { asRefusal, json } from '../http/respond.ts'
import type { ClientId } from '../oauth/ids.ts'
import { toSeconds } from '../platform/clock.ts'
import { scopeOf, tokenTypeOf } from '../tokens/claims.ts'
import type { Judge } from '../tokens/introspection/verdict.ts'
import type { Issuer } from '../tokens/issue.ts'
import { signJwt } from '../tokens/jwt.ts'
import type { VerifiedToken } from '../tokens/verify.ts'
import { parseClientRequest, tokenParameter } from './client-request.ts'
import { type Recording, recordRefusal } from './record.ts'

/** What the introspection endpoint needs of the process. */
export interface IntrospectionServices {
  readonly authenticator: Authentication
  readonly judge: Judge
  readonly issuer: Issuer
  readonly recording: Recording
}

const JWT_TYPE = 'application/token-introspection+jwt'

/** `POST /as/introspect.oauth2` (RFC 7662 §2): an API asks what a token is worth. */
export function introspectionEndpoint({ authenticator, judge, issuer, recording }: IntrospectionServices): Endpoint {
  return async (http) => {
    let client: AuthenticatedClient | undefined
    try {
      const request = parseClientRequest(http)
      client = await authenticateClient(authenticator, request)
      const verified = await judge.judge(client.client, tokenParameter(request.form))
      const answer = verified === undefined ? { active: false } : activeAnswer(verified)
      return wantsJwt(http) ? await jwtResponse(issuer, client.client.id, answer) : json(200, answer)
    } catch (error) {
      recordRefusal(recording, http, 'token.introspect', client, asRefusal(error))
      throw error
    }
  }
}

/** RFC 7662 §2.2: the claims of the token, with its scopes as a string whichever way it says them. */
const activeAnswer = ({ claims }: VerifiedToken) => ({
  active: true,
  ...claims,
  scope: scopeOf(claims),
  token_type: tokenTypeOf(claims),
})

/** Entries of an `Accept` header that are read. */
const MOST_RANGES = 50

const wantsJwt = ({ headers }: HttpRequest): boolean =>
  (headers.accept ?? '')
    .split(',', MOST_RANGES)
    .some((range) => range.split(';', 1)[0]?.trim().toLowerCase() === JWT_TYPE)

/** RFC 9701 §5: the answer signed, for who asked and for nobody else. */
async function jwtResponse(
  { issuer, keyring, clock }: Issuer,
  caller: ClientId,
  answer: object,
): Promise<HttpResponse> {
  const claims = { iss: issuer, aud: caller, iat: toSeconds(clock.now()), token_introspection: answer }
  const body = await signJwt(await keyring.signer('ES256'), 'token-introspection+jwt', claims)
  return { status: 200, headers: { 'Content-Type': JWT_TYPE, 'Cache-Control': 'no-store', Pragma: 'no-cache' }, body }
}
