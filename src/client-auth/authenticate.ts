/**
 * Who is asking: one file a method, and the step that tries them. May import `oauth`, `platform`, `http`, `directory`,
 * `secrets`.
 */

import type { Client } from '../directory/client.ts'
import type { Directory } from '../directory/directory.ts'
import { OAuthError } from '../oauth/error.ts'
import type { CredentialId } from '../oauth/ids.ts'
import type { Reason } from '../oauth/refusals.ts'
import type { Clock } from '../platform/clock.ts'
import type { SecretCredential } from '../secrets/credential.ts'
import type { SecretVerifier } from '../secrets/verifier.ts'
import { type ClientAuthMethodName, clientAuthMethodNames, clientAuthMethods } from './methods.ts'
import type { AuthenticationRequest, PresentedSecret } from './request.ts'

declare const authenticated: unique symbol

/** A client that proved who it is: `authenticateClient` alone makes one. */
export interface AuthenticatedClient {
  readonly client: Client
  readonly method: ClientAuthMethodName
  readonly credentialId: CredentialId
  readonly [authenticated]: true
}

/** What authentication needs of the process. */
export interface Authenticator {
  readonly directory: Directory
  readonly verifier: SecretVerifier
  readonly clock: Clock
}

/**
 * Authenticates the client of a request (RFC 6749 §2.3), by exactly one method.
 * @throws OAuthError `invalid_client`, the same for every reason but in the audit log; `invalid_request` for two methods
 */
export async function authenticateClient(
  authenticator: Authenticator,
  request: AuthenticationRequest,
): Promise<AuthenticatedClient> {
  const { method, readings } = presentedCredentials(request)
  refuseOtherClientId(request, readings)
  let refusal: OAuthError | undefined
  for (const reading of readings) {
    const verified = verify(authenticator, reading)
    const outcome = verified instanceof Promise ? await verified : verified
    if (!(outcome instanceof OAuthError)) return { ...outcome, method } as AuthenticatedClient
    refusal ??= outcome
  }
  throw refusal ?? new OAuthError('no_credentials')
}

function presentedCredentials(request: AuthenticationRequest) {
  let presented: { readonly method: ClientAuthMethodName; readonly readings: readonly PresentedSecret[] } | undefined
  for (const method of clientAuthMethodNames) {
    const readings = clientAuthMethods[method].present(request)
    if (readings === undefined) continue
    if (presented !== undefined) throw new OAuthError('several_methods')
    presented = { method, readings }
  }
  if (presented === undefined)
    throw new OAuthError('no_credentials', { detail: claimed(request.form.get('client_id')) })
  return presented
}

/** A `client_id` beside other credentials must be the same one (RFC 6749 §3.2.1). */
function refuseOtherClientId({ form }: AuthenticationRequest, readings: readonly PresentedSecret[]): void {
  const clientId = form.get('client_id')
  if (clientId === undefined || readings.some((reading) => reading.clientId === clientId)) return
  throw new OAuthError('client_id_mismatch', { detail: claimed(readings[0]?.clientId) })
}

type Outcome = Pick<AuthenticatedClient, 'client' | 'credentialId'> | OAuthError

/** At once where client and secret are known, as they mostly are: then nothing waits for a turn. */
function verify(authenticator: Authenticator, presented: PresentedSecret): Outcome | Promise<Outcome> {
  const client = authenticator.directory.client(presented.clientId)
  return client instanceof Promise
    ? client.then((found) => verifySecret(authenticator, presented, found))
    : verifySecret(authenticator, presented, client)
}

function verifySecret(
  { verifier, clock }: Authenticator,
  { clientId, secret }: PresentedSecret,
  client: Client | undefined,
): Outcome | Promise<Outcome> {
  const judge = (credential: SecretCredential | undefined): Outcome => {
    const refused = (reason: Reason) => new OAuthError(reason, { detail: claimed(clientId) })
    if (client === undefined) return refused('unknown_client')
    if (credential === undefined) return refused('wrong_secret')
    if (credential.expiresAt !== undefined && credential.expiresAt <= clock.now()) return refused('expired_secret')
    return client.enabled ? { client, credentialId: credential.id } : refused('client_disabled')
  }
  const found = verifier.verify(clientId, client, secret)
  return found instanceof Promise ? found.then(judge) : judge(found)
}

/** For the audit log: whom the request says it is from. */
const claimed = (clientId: string | undefined) => ({ client_id: clientId })
