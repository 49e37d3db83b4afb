import { isSameAlgorithm } from '../crypto/jws/algorithms.ts'
import type { CompactJws } from '../crypto/jws/compact.ts'
import { received } from '../crypto/jws/received.ts'
import type { Form } from '../http/form.ts'
import type { Client } from '../model/client.ts'
import { JWT_BEARER } from '../oauth/client-auth-methods.ts'
import type { ClientId } from '../oauth/ids.ts'
import { type AssertionClaims, checkAssertion } from './assertions/claims.ts'
import { type AssertionDescription, describeAssertion, parseAssertion } from './assertions/parse.ts'
import { refusal as assertionRefusal } from './assertions/refusals.ts'
import type { ClientAuthContext } from './context.ts'
import type { PresentedCredentials } from './presented.ts'
import { refusal } from './refusals.ts'

/** draft-ietf-oauth-spiffe-client-auth: a JWT-SVID, which is checked like any token of an outside issuer. */
const JWT_SPIFFE = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'

/** An assertion, and its claims about its origin. */
interface ClientAssertion {
  readonly jws: CompactJws
  readonly claimed: AssertionDescription
}

/**
 * Parses the `client_assertion` of a request (RFC 7521 §4.2); undefined if there is none. It does not check the
 * signature.
 * @throws Refusal `assertion_type` or `assertion_malformed`
 */
export function parseClientAssertion(form: Form): ClientAssertion | undefined {
  const assertion = form.get('client_assertion')
  const type = form.get('client_assertion_type')
  if (assertion === undefined && type === undefined) return undefined
  if (assertion === undefined || type === undefined || ![JWT_BEARER, JWT_SPIFFE].includes(type)) {
    throw refusal('assertion_type', { detail: { expected: JWT_BEARER, received: type?.slice(0, 256) } })
  }
  const jws = parseAssertion(assertion)
  return { jws, claimed: describeAssertion(jws) }
}

/**
 * Refuses an assertion whose algorithm the server does not accept, even if the client has registered that algorithm.
 * @throws Refusal `assertion_algorithm`
 */
export function refuseAlgorithm(presented: PresentedCredentials, algorithms: readonly string[]): void {
  if (presented.kind !== 'assertion' && presented.kind !== 'federated') return
  const { alg } = presented.jws.header
  if (algorithms.some((allowed) => isSameAlgorithm(allowed, alg))) return
  throw assertionRefusal('assertion_algorithm', {
    detail: { expected: { algorithms }, received: { alg: received(alg) } },
  })
}

/**
 * Checks the claims of an assertion that the client signed itself (RFC 7523 §3), before its signature.
 * @param client undefined if no client has that id
 * @param decoy does the work of a signature check. The accepted claims depend on the client, which timing must not
 * reveal
 * @param now milliseconds
 * @throws Refusal `assertion_…`
 */
export function checkClaims(
  { assertions: { issuer, tokenEndpoints, maxLifetime, audienceForm } }: Pick<ClientAuthContext, 'assertions'>,
  client: Client | undefined,
  jws: CompactJws,
  decoy: () => void,
  now: number,
): AssertionClaims {
  const isCompatible = client?.authentication.assertionAudience === 'compatible'
  try {
    return checkAssertion(jws, { issuer, tokenEndpoints, isCompatible, audienceForm, maxLifetime, now })
  } catch (error) {
    decoy()
    throw error
  }
}

/**
 * Marks an assertion as used (RFC 7523 §3, item 7). Only one request with it succeeds.
 * @throws Refusal `assertion_replayed`; StorageUnavailable if it is unknown whether the assertion was used
 */
export async function consumeAssertion(
  { marks }: Pick<ClientAuthContext, 'marks'>,
  clientId: ClientId,
  { jti, expiresAt }: AssertionClaims,
): Promise<void> {
  if (await marks.first(`assertion ${clientId}`, jti, expiresAt)) return
  throw refusal('assertion_replayed', { detail: { jti: received(jti) } })
}
