import type { Hold } from '../http/hold.ts'
import { expectedRefusal } from '../http/respond.ts'
import type { Client } from '../model/client.ts'
import { isValid } from '../model/credentials/credential.ts'
import type { CredentialUsage } from '../model/credentials/usage.ts'
import { type ClientAuthMethodName, clientAuthMethodNames } from '../oauth/client-auth-methods.ts'
import type { CredentialId } from '../oauth/ids.ts'
import { refuseAlgorithm } from './assertion.ts'
import type { Authenticator, Presented, Proven } from './method.ts'
import { clientAuthMethods } from './methods.ts'
import { type clientAuthRefusals, refusal } from './refusals.ts'
import type { AuthenticationRequest } from './request.ts'

/** Longer than it takes to find a client in the database and to check its credentials. Milliseconds. */
const SHORTEST_HOLD_MS = 25

declare const authenticated: unique symbol

/** A client that proved who it is: `authenticateClient` alone makes one. */
export interface AuthenticatedClient {
  readonly client: Client
  readonly method: ClientAuthMethodName
  readonly credentialId: CredentialId
  readonly [authenticated]: true
}

/** What authentication needs of the process. */
export interface Authentication extends Authenticator {
  readonly usage: CredentialUsage
}

/**
 * Authenticates the client of a request (RFC 6749 §2.3), by exactly one method; at once where nothing has to be waited for.
 * @throws Refusal `invalid_client`, the same for every reason but in the audit log; `invalid_request` for two methods
 */
export function authenticateClient(
  authentication: Authentication,
  request: AuthenticationRequest,
): AuthenticatedClient | Promise<AuthenticatedClient> {
  const { method, presented } = presentedCredentials(request)
  const accept = (proven: Proven): AuthenticatedClient => {
    const { client, credential } = proven
    const now = authentication.clock.now()
    refuseUnfit(proven, method, authentication, now)
    authentication.usage.note(credential.id, now)
    return { client, credentialId: credential.id, method } as AuthenticatedClient
  }
  const refuse = (error: unknown, hold?: Hold): never => {
    const expected = expectedRefusal(error)
    if (expected === undefined) throw error
    // A fault of the server reveals nothing about clients, so it is answered at once.
    const held = expected.status < 500 ? hold?.over : undefined
    const detail = { method, client_id: presented.clientIds[0], ...unreadableOf(authentication, presented) }
    throw expected.with(detail, held)
  }
  try {
    refuseOtherClientId(request, presented)
    refuseAlgorithm(request, authentication.assertions.algorithms)
    const hold = presented.needsKeys === true ? holdBack(authentication, authentication.keyWait) : undefined
    const verified = presented.verify(authentication, request, hold?.patience ?? Promise.resolve())
    return verified instanceof Promise ? conclude(verified, hold ?? holdBack(authentication)) : accept(verified)
  } catch (error) {
    return refuse(error)
  }

  function conclude(verified: Promise<Proven>, hold: Hold): Promise<AuthenticatedClient> {
    const proceed = (proven: Proven): AuthenticatedClient => {
      hold.release()
      return accept(proven)
    }
    return verified
      .catch((error: unknown) => refuse(error, hold))
      .then(proceed)
      .catch(refuse)
  }
}

/** The client's unreadable credentials, for the audit log. One of them may be the reason for the refusal. */
function unreadableOf({ directory }: Authentication, { clientIds: [id] }: Presented) {
  const client = id === undefined ? undefined : directory.inMemory(id)
  const unreadable = client?.credentials.unreadable.map((credential) => credential.id) ?? []
  return unreadable.length > 0 && { unreadable: unreadable.slice(0, 10) }
}

/**
 * Begins to hold back the answer in case it is a refusal. The delay covers the database, a chain of certificates and keys that
 * must be fetched. So timing does not reveal which clients exist or which credentials they have.
 */
const holdBack = ({ holds }: Authentication, wait = 0): Hold => holds.begin(Math.max(SHORTEST_HOLD_MS, wait))

function presentedCredentials(request: AuthenticationRequest) {
  refuseSeveral(request)
  for (const method of clientAuthMethodNames) {
    const presented = clientAuthMethods[method].present(request)
    if (presented !== undefined) return { method, presented }
  }
  const clientId = request.form.get('client_id')
  // A certificate with the client's name would have been presented.
  const detail = clientId === undefined ? {} : { client_id: clientId, certificate: 'none' }
  throw refusal('no_credentials', { detail })
}

/** Two ways are one too many (RFC 6749 §2.3), whatever is wrong with either; a certificate beside another way is none. */
function refuseSeveral({ headers: { authorization }, form }: AuthenticationRequest): void {
  const hasSecret = form.get('client_secret') !== undefined
  const hasAssertion = form.get('client_assertion') !== undefined
  if (authorization === undefined ? hasSecret && hasAssertion : hasSecret || hasAssertion) {
    throw refusal('several_methods')
  }
}

/** A `client_id` beside other credentials must be the same one (RFC 6749 §3.2.1). */
function refuseOtherClientId({ form }: AuthenticationRequest, { clientIds }: Presented): void {
  const clientId = form.get('client_id')
  if (clientId === undefined || clientIds.some((id) => id === clientId)) return
  throw refusal('client_id_mismatch', { detail: { in_body: clientId.slice(0, 256) } })
}

/** What proved itself may have ended, or may not be used so. */
function refuseUnfit(
  { client, credential }: Proven,
  method: ClientAuthMethodName,
  { takesSample }: Authenticator,
  now: number,
): void {
  const refused = (reason: keyof typeof clientAuthRefusals, detail = {}) =>
    refusal(reason, { detail: { credential: credential.id, label: credential.label, ...detail } })
  const { expiresAt, revokedAt } = credential
  if (revokedAt !== undefined) throw refused('revoked_credential', { revoked: new Date(revokedAt).toISOString() })
  if (!isValid(credential, now)) {
    throw refused('expired_credential', { expired: expiresAt && new Date(expiresAt).toISOString() })
  }
  if (!client.enabled) throw refused('client_disabled')
  if (credential.origin === 'sample' && !takesSample) throw refused('sample_credential')
  const { methods } = client.authentication
  if (methods !== undefined && !methods.includes(method)) throw refused('method_not_allowed_here', { allowed: methods })
}
