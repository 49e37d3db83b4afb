import type { AuthenticatedClient } from '../client-auth/authenticate.ts'
import type { AnyGrant, GrantRequest } from '../grants/grant.ts'
import { requirePermitted } from '../grants/permitted.ts'
import type { Form } from '../http/form.ts'
import type { Endpoint, HttpResponse } from '../http/message.ts'
import { json } from '../http/respond.ts'
import type { ApiSet } from '../model/api-set.ts'
import type { ChangeFeed } from '../model/changes/feed.ts'
import type { Directory } from '../model/directory/directory.ts'
import { registeredGrantTypes } from '../oauth/grant-types.ts'
import { type Audience, Jti } from '../oauth/ids.ts'
import { nearest } from '../platform/nearest.ts'
import type { AccessDecisions } from '../policy/entitlement.ts'
import { MOST_TARGETS } from '../policy/resources.ts'
import { type ProofVerifier, presentIn, verifyProof } from '../sender-constraint/verify-proof.ts'
import { scopeOf, tokenTypeOf } from '../tokens/claims.ts'
import { decideToken } from '../tokens/decide.ts'
import type { TokenIntrospector } from '../tokens/introspection/introspector.ts'
import { type IssuedToken, type Issuer, issueToken } from '../tokens/issue.ts'
import { clientEndpoint, type Outcome, type PipelineContext } from './pipeline.ts'
import { refusal } from './refusals.ts'
import type { ClientRequest } from './request.ts'

/** The parts of the server on which the token endpoint depends. */
export interface TokenContext extends PipelineContext {
  readonly directory: Pick<Directory, 'apis'>
  readonly changes: Pick<ChangeFeed, 'keepUp'>
  readonly accessDecisions: AccessDecisions
  readonly proofVerifier: ProofVerifier
  readonly issuer: Issuer
  readonly introspector: TokenIntrospector
}

/**
 * `POST /as/token.oauth2` (RFC 6749 §3.2): a client authenticates and gets an access token. The steps are the same for every grant:
 * parse → authenticate → allowed grant → authorize → decide → proof → issue → record.
 * @param grants the table of grants
 */
export const tokenEndpoint = (context: TokenContext, grants: readonly AnyGrant[]): Endpoint =>
  clientEndpoint(context, {
    action: 'token.issue',
    isRecorded: true,
    parse: (form) => parseGrant(form, grants),
    apiOf: ({ targets }) => nameOf(context.directory.apis, targets),
    answer: (client, request) => answerGrant(context, client, request),
  })

/** @throws Refusal if `grant_type` is missing or unsupported, or a parameter is not well-formed (RFC 6749 §4.4.2) */
function parseGrant(form: Form, grants: readonly AnyGrant[]): GrantRequest {
  const grantType = form.get('grant_type')
  if (grantType === undefined) throw refusal('grant_type_missing')
  const grant = grants.find((one) => one.grantType === grantType)
  if (grant === undefined) {
    const supported = grants.map((one) => one.grantType)
    throw refusal('unsupported_grant_type', { detail: { received: recognised(grantType), supported } })
  }
  return grant.read(form)
}

/** A grant type that is registered, or misspelt. Any other text might be a secret in the wrong place, so it is not recorded. */
const recognised = (grantType: string): string =>
  nearest(grantType, registeredGrantTypes) === undefined ? '(another text)' : grantType

/** The first API that is among the targets. */
const nameOf = (apis: ApiSet, targets: readonly string[]): Audience | undefined =>
  targets
    .slice(0, MOST_TARGETS)
    .map((target) => apis.get(target)?.audience)
    .find((audience) => audience !== undefined)

async function answerGrant(
  { changes, directory, accessDecisions, proofVerifier, issuer, introspector }: TokenContext,
  authenticated: AuthenticatedClient,
  { parameters: grant, facts, proofs }: ClientRequest<GrantRequest>,
): Promise<Outcome> {
  const late = changes.keepUp()
  if (late !== undefined) await late
  requirePermitted(authenticated.client, grant)
  const authorizing = grant.authorize(authenticated, { introspector, at: facts.at })
  const decision = authorizing instanceof Promise ? await authorizing : authorizing
  if (decision.kind === 'answer') return { response: json(200, decision.body) }
  const { client, requested } = decision
  const decided = decideToken({ accessDecisions, issuer }, client, requested, directory.apis, presentIn(proofs))
  const cnf = decided.binding && (await verifyProof(proofVerifier, proofs, decided.binding, facts.at))
  // The `jti` is the request id, under which the audit log has everything about the token.
  const token = await issueToken(issuer, decided, { jti: Jti(facts.requestId), at: facts.at, cnf })
  return { response: tokenResponse(proofVerifier, token), detail: issuanceDetail(token), issued: token }
}

/** The answer of RFC 6749 §5.1. It always has `scope`, since some clients expect it. */
function tokenResponse(verifier: ProofVerifier, { accessToken, lifetime, claims }: IssuedToken): HttpResponse {
  const tokenType = tokenTypeOf(claims)
  const scope = scopeOf(claims)
  const response = json(200, { access_token: accessToken, token_type: tokenType, expires_in: lifetime, scope })
  if (tokenType === 'Bearer' || !verifier.isNonceRequired) return response
  // RFC 9449 §8.2: send the next nonce before the current one is too old.
  return { ...response, headers: { ...response.headers, 'DPoP-Nonce': verifier.nonces.current() } }
}

/** The detail of the audit event. It lacks the token's signature or seal, so that nobody can use it as a token. */
const issuanceDetail = ({ lifetime, claims }: IssuedToken) => ({
  subject: claims.sub,
  audience: claims.aud,
  scope: scopeOf(claims),
  lifetime,
  ...(claims.cnf && { cnf: claims.cnf }),
})
