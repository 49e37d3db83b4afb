import { isSameAlgorithm } from '../crypto/jws/algorithms.ts'
import type { CompactJws } from '../crypto/jws/compact.ts'
import { received } from '../crypto/jws/received.ts'
import { type AssertionDescription, describeAssertion, parseAssertion } from './assertions/parse.ts'
import { refusal as assertionRefusal } from './assertions/refusals.ts'
import { refusal } from './refusals.ts'
import type { AuthenticationRequest } from './request.ts'

/** RFC 7523 §2.2. */
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** draft-ietf-oauth-spiffe-client-auth: a JWT-SVID, which is checked like any token of an outside issuer. */
const JWT_SPIFFE = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'

/** An assertion and who it says it comes from. */
export interface PresentedAssertion {
  readonly jws: CompactJws
  readonly claimed: AssertionDescription
}

/** Three methods look at the one assertion of a request. */
const parsed = new WeakMap<AuthenticationRequest, PresentedAssertion>()

/**
 * The `client_assertion` of a request (RFC 7521 §4.2), its signature unchecked; undefined where there is none.
 * @throws Refusal `assertion_type` or `assertion_malformed`
 */
export function assertionOf(request: AuthenticationRequest): PresentedAssertion | undefined {
  const known = parsed.get(request)
  if (known !== undefined) return known
  const assertion = request.form.get('client_assertion')
  const type = request.form.get('client_assertion_type')
  if (assertion === undefined && type === undefined) return undefined
  if (assertion === undefined || type === undefined || ![JWT_BEARER, JWT_SPIFFE].includes(type)) {
    throw refusal('assertion_type', { detail: { expected: JWT_BEARER, received: type?.slice(0, 256) } })
  }
  const jws = parseAssertion(assertion)
  const presented = { jws, claimed: describeAssertion(jws) }
  parsed.set(request, presented)
  return presented
}

/**
 * Refuses an assertion whose algorithm the server does not accept, even if the client has registered that algorithm.
 * @throws Refusal `assertion_algorithm`
 */
export function refuseAlgorithm(request: AuthenticationRequest, algorithms: readonly string[]): void {
  const presented = parsed.get(request)
  if (presented === undefined) return
  const { alg } = presented.jws.header
  if (algorithms.some((allowed) => isSameAlgorithm(allowed, alg))) return
  throw assertionRefusal('assertion_algorithm', {
    detail: { expected: { algorithms }, received: { alg: received(alg) } },
  })
}
