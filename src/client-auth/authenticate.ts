import type { Hold } from '../http/hold.ts'
import { expectedRefusal } from '../http/respond.ts'
import type { Client } from '../model/client.ts'
import type { ClientAuthMethodName } from '../oauth/client-auth-methods.ts'
import type { CredentialId } from '../oauth/ids.ts'
import { refuseAlgorithm } from './client-assertion.ts'
import type { ClientAuthContext, Sender, VerifiedCredential } from './context.ts'
import { refuseUnfit } from './fit.ts'
import { clientIdsOf, type PresentedAuthentication, type PresentedCredentials } from './presented.ts'
import { refusal } from './refusals.ts'
import { verifyCredentials } from './verify.ts'

/**
 * The shortest delay of a refusal. It takes less to find a client in the database and to check its credentials.
 * Milliseconds.
 */
const SHORTEST_HOLD_MS = 25

declare const authenticated: unique symbol

/** An authenticated client. Only `authenticateClient` makes one. */
export interface AuthenticatedClient {
  readonly client: Client
  readonly method: ClientAuthMethodName
  readonly credentialId: CredentialId
  readonly [authenticated]: true
}

/**
 * Authenticates the client of a request (RFC 6749 §2.3). It returns no promise if it need not wait.
 * @throws Refusal `invalid_client`. Only the audit log tells the reasons apart
 */
export function authenticateClient(
  context: ClientAuthContext,
  presented: PresentedAuthentication,
  { remoteAddress, at }: Sender,
): AuthenticatedClient | Promise<AuthenticatedClient> {
  const { parameterId } = presented
  if (presented.kind === 'none') {
    // The request has no certificate either. Together with a `client_id`, one would be a credential.
    throw refusal('no_credentials', {
      detail: parameterId === undefined ? {} : { client_id: parameterId, certificate: 'none' },
    })
  }
  const { method } = presented
  const [clientId] = clientIdsOf(presented)

  const accept = (verified: VerifiedCredential): AuthenticatedClient => {
    const { client, credential } = verified
    refuseUnfit(verified, method, context, at)
    context.usage.note(credential.id, at)
    return { client, credentialId: credential.id, method } as AuthenticatedClient
  }
  const refuse = (error: unknown, hold?: Hold): never => {
    const expected = expectedRefusal(error)
    if (expected === undefined) throw error
    // A fault of the server reveals nothing about clients, so it is answered at once.
    const held = expected.status < 500 ? hold?.over : undefined
    throw expected.with({ method, client_id: clientId, ...unreadableOf(context, clientId) }, held)
  }
  try {
    refuseOtherClientId(presented, parameterId)
    refuseAlgorithm(presented, context.assertions.algorithms)
    const hold = needsKeys(presented) ? holdBack(context, context.keyWait) : undefined
    const patience = hold?.patience ?? Promise.resolve()
    const verified = verifyCredentials(context, presented, { remoteAddress, at, patience })
    return verified instanceof Promise ? conclude(verified, hold ?? holdBack(context)) : accept(verified)
  } catch (error) {
    return refuse(error)
  }

  function conclude(verifying: Promise<VerifiedCredential>, hold: Hold): Promise<AuthenticatedClient> {
    const proceed = (verified: VerifiedCredential): AuthenticatedClient => {
      hold.release()
      try {
        return accept(verified)
      } catch (error) {
        return refuse(error)
      }
    }
    return verifying.then(proceed, (error: unknown) => refuse(error, hold))
  }
}

/** Whether the verification may have to fetch keys. */
const needsKeys = ({ method }: PresentedCredentials): boolean =>
  method === 'private_key_jwt' || method === 'federated_jwt'

/** The client's unreadable credentials, for the audit log. One of them may be the reason for the refusal. */
function unreadableOf({ directory }: ClientAuthContext, id: PresentedAuthentication['parameterId']) {
  const client = id === undefined ? undefined : directory.inMemory(id)
  const unreadable = client?.credentials.unreadable.map((credential) => credential.id) ?? []
  return unreadable.length > 0 && { unreadable: unreadable.slice(0, 10) }
}

/**
 * Begins to hold back the answer in case it is a refusal. Timing must reveal neither which clients exist nor which
 * credentials they have. So the delay covers the database, a chain of certificates and keys that must be fetched.
 */
const holdBack = ({ holds }: ClientAuthContext, wait = 0): Hold => holds.begin(Math.max(SHORTEST_HOLD_MS, wait))

/** Refuses a `client_id` that is not the client of the other credentials (RFC 6749 §3.2.1). */
function refuseOtherClientId(presented: PresentedCredentials, parameterId: string | undefined): void {
  if (parameterId === undefined || clientIdsOf(presented).some((id) => id === parameterId)) return
  throw refusal('client_id_mismatch', { detail: { in_body: parameterId.slice(0, 256) } })
}
