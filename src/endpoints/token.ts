import type { AuditRecorder } from '../audit/recorder.ts'
import { type AuthenticatedClient, type Authenticator, authenticateClient } from '../client-auth/authenticate.ts'
import type { AuthenticationRequest } from '../client-auth/request.ts'
import { clientCredentials } from '../grants/client-credentials.ts'
import { parseForm } from '../http/form.ts'
import type { Endpoint, HttpRequest, HttpResponse } from '../http/message.ts'
import { asOAuthError, json } from '../http/respond.ts'
import { OAuthError } from '../oauth/error.ts'
import { type GrantType, isGrantType } from '../oauth/grant-types.ts'
import { parseScope } from '../oauth/scope.ts'
import { decide, type Entitlement, type Wanted } from '../policy/entitlement.ts'
import { type IssuedToken, type Issuer, issueToken } from '../tokens/issue.ts'
import { recordRefusal, recordSuccess } from './record.ts'

/** What the token endpoint needs of the process. */
export interface TokenServices {
  readonly authenticator: Authenticator
  readonly issuer: Issuer
  readonly audit: AuditRecorder
  /** Seconds, where neither the client nor the API sets a lifetime. */
  readonly defaultLifetime: number
}

interface TokenRequest {
  readonly grantType: GrantType
  readonly authentication: AuthenticationRequest
  readonly wanted: Wanted
}

/** `POST /as/token.oauth2` (RFC 6749 §3.2): a client proves who it is and gets an access token. */
export function tokenEndpoint(services: TokenServices): Endpoint {
  const { authenticator, issuer, audit, defaultLifetime } = services
  const recording = { audit, clock: issuer.clock }
  return async (http) => {
    let client: AuthenticatedClient | undefined
    try {
      if (audit.isFull) throw new OAuthError('audit_full')
      const request = parseTokenRequest(http)
      client = await authenticateClient(authenticator, request.authentication)
      const grantee = grants[request.grantType](client)
      const entitlement = decide(grantee, request.wanted, authenticator.directory.apis, defaultLifetime)
      const token = await issueToken(issuer, entitlement)
      recordSuccess(recording, http, 'token.issue', client, issuanceDetail(entitlement, token))
      return tokenResponse(token, entitlement)
    } catch (error) {
      recordRefusal(recording, http, 'token.issue', client, asOAuthError(error))
      throw error
    }
  }
}

const grants = { client_credentials: clientCredentials } as const satisfies Record<GrantType, unknown>

/** @throws OAuthError where the request is none that RFC 6749 §4.4.2 describes */
function parseTokenRequest({ headers, query, body }: HttpRequest): TokenRequest {
  if (query !== '') throw new OAuthError('query_parameters')
  const form = parseForm(headers, body)
  const grantType = form.get('grant_type')
  if (grantType === undefined) throw new OAuthError('grant_type_missing')
  if (!isGrantType(grantType)) throw new OAuthError('unsupported_grant_type')
  const parameter = form.get('scope')
  const scope = parameter === undefined ? undefined : parseScope(parameter)
  if (parameter !== undefined && scope === undefined) throw new OAuthError('malformed_scope')
  return {
    grantType,
    authentication: { headers, form },
    wanted: { scope, targets: [...form.all('resource'), ...form.all('audience')] },
  }
}

/** RFC 6749 §5.1, with the scope always, as some clients expect to find it. */
const tokenResponse = ({ accessToken, lifetime }: IssuedToken, { scope }: Entitlement): HttpResponse =>
  json(200, { access_token: accessToken, token_type: 'Bearer', expires_in: lifetime, scope })

/** The secret part of a token is its signature: what is recorded can't be used as one. */
const issuanceDetail = ({ audience, scope, subject }: Entitlement, { jti, lifetime }: IssuedToken) => ({
  subject,
  audience,
  scope,
  lifetime,
  jti,
})
