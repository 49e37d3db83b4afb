import { type AuthenticatedClient, type Authentication, authenticateClient } from '../client-auth/authenticate.ts'
import type { AuthenticationRequest } from '../client-auth/request.ts'
import { clientCredentials } from '../grants/client-credentials.ts'
import { validateBearer } from '../grants/validate-bearer.ts'
import type { Form } from '../http/form.ts'
import type { Endpoint, HttpRequest, HttpResponse } from '../http/message.ts'
import { asRefusal, json } from '../http/respond.ts'
import type { ChangeFeed } from '../model/changes/feed.ts'
import { VALIDATE_BEARER } from '../oauth/grant-types.ts'
import { Jti } from '../oauth/ids.ts'
import { parseScope } from '../oauth/scope.ts'
import { decide, type Wanted } from '../policy/entitlement.ts'
import { chooseBinding, type Prover, prove } from '../sender-constraint/prove.ts'
import { scopeOf, tokenTypeOf } from '../tokens/claims.ts'
import type { Judge } from '../tokens/introspection/verdict.ts'
import { type IssuedToken, type Issuer, issueToken } from '../tokens/issue.ts'
import { parseClientRequest, tokenParameter } from './client-request.ts'
import { type Recording, recordRefusal, recordSuccess } from './record.ts'
import { refusal } from './refusals.ts'

/** What the token endpoint needs of the process. */
export interface TokenServices {
  readonly authenticator: Authentication
  readonly changes: Pick<ChangeFeed, 'keepUp'>
  readonly prover: Prover
  readonly issuer: Issuer
  readonly judge: Judge
  readonly recording: Recording
}

/** What is asked for, by `grant_type`. */
type TokenRequest = { readonly authentication: AuthenticationRequest } & (
  | { readonly grantType: 'client_credentials'; readonly wanted: Wanted }
  | { readonly grantType: typeof VALIDATE_BEARER; readonly token: string }
)

/** `POST /as/token.oauth2` (RFC 6749 §3.2): a client proves who it is and gets an access token. */
export function tokenEndpoint(services: TokenServices): Endpoint {
  const { authenticator, changes, judge, recording } = services
  return async (http) => {
    let client: AuthenticatedClient | undefined
    try {
      if (recording.audit.isFull) throw refusal('audit_full')
      const request = parseTokenRequest(http)
      const authenticated = authenticateClient(authenticator, request.authentication)
      client = authenticated instanceof Promise ? await authenticated : authenticated
      if (request.grantType === VALIDATE_BEARER)
        return json(200, await validateBearer(judge, client, request.token, now(services)))
      const late = changes.keepUp()
      if (late !== undefined) await late
      const grantee = clientCredentials(client)
      const entitlement = decide(grantee, request.wanted, authenticator.directory.apis)
      const binding = chooseBinding(http, [grantee, ...entitlement.apis])
      const confirmation = binding && (await prove(services.prover, http, binding))
      const token = await issueToken(services.issuer, entitlement, jtiOf(http), confirmation)
      recordSuccess(recording, http, 'token.issue', client, issuanceDetail(token))
      return tokenResponse(services, token)
    } catch (error) {
      recordRefusal(recording, http, 'token.issue', client, asRefusal(error))
      throw error
    }
  }
}

/** A token is named by the request that issued it, under whose id the audit log has everything about its birth. */
const jtiOf = ({ requestId }: HttpRequest): Jti => Jti(requestId)

const now = ({ issuer }: TokenServices): number => issuer.clock.now()

/** @throws Refusal where the request is none that RFC 6749 §4.4.2 describes */
function parseTokenRequest(http: HttpRequest): TokenRequest {
  const authentication = parseClientRequest(http)
  const { form } = authentication
  const grantType = form.get('grant_type')
  switch (grantType) {
    case undefined:
      throw refusal('grant_type_missing')
    case 'client_credentials':
      return { grantType, authentication, wanted: parseWanted(form) }
    case VALIDATE_BEARER:
      return { grantType, authentication, token: tokenParameter(form) }
    default:
      throw refusal('unsupported_grant_type')
  }
}

function parseWanted(form: Form): Wanted {
  const parameter = form.get('scope')
  const scope = parameter === undefined ? undefined : parseScope(parameter)
  if (parameter !== undefined && scope === undefined) throw refusal('malformed_scope')
  return { scope, targets: [...form.all('resource'), ...form.all('audience')] }
}

/** RFC 6749 §5.1, with the scope always, as some clients expect to find it. */
function tokenResponse({ prover }: TokenServices, { accessToken, lifetime, claims }: IssuedToken): HttpResponse {
  const tokenType = tokenTypeOf(claims)
  const scope = scopeOf(claims)
  const response = json(200, { access_token: accessToken, token_type: tokenType, expires_in: lifetime, scope })
  if (tokenType === 'Bearer' || !prover.isNonceRequired) return response
  // RFC 9449 §8.2: the next nonce, before the one in use is too old.
  return { ...response, headers: { ...response.headers, 'DPoP-Nonce': prover.nonces.current() } }
}

/** The secret part of a token is its signature or seal: what is recorded can't be used as one. */
const issuanceDetail = ({ lifetime, claims }: IssuedToken) => ({
  subject: claims.sub,
  audience: claims.aud,
  scope: scopeOf(claims),
  lifetime,
  ...(claims.cnf && { cnf: claims.cnf }),
})
