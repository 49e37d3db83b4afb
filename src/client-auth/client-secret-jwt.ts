import type { SecretCredential } from '../model/credentials/credential.ts'
import { ClientId } from '../oauth/ids.ts'
import type { Refusal } from '../oauth/refusal.ts'
import type { Unreadable } from '../platform/unreadable.ts'
import { assertionOf, type PresentedAssertion } from './assertion.ts'
import { refusal as assertionRefusal } from './assertions/refusals.ts'
import { checkClaims, useUp } from './client-assertion.ts'
import { findMacSecret } from './guessable.ts'
import type { Authenticator, ClientAuthMethod, Proven } from './method.ts'
import { refusal } from './refusals.ts'
import type { AuthenticationRequest } from './request.ts'

/** A JWT under a MAC with the client's secret as its key (RFC 7523 §2.2; OpenID Connect Core §9, `client_secret_jwt`). */
export const clientSecretJwt: ClientAuthMethod = {
  present(request) {
    const assertion = assertionOf(request)
    if (assertion?.claimed.kind !== 'symmetric') return undefined
    const clientId = ClientId(assertion.claimed.sub ?? '')
    return {
      clientIds: [clientId],
      verify: (authenticator, request) => verify(authenticator, request, clientId, assertion),
    }
  },
}

async function verify(
  authenticator: Authenticator,
  request: AuthenticationRequest,
  clientId: ClientId,
  { jws }: PresentedAssertion,
): Promise<Proven> {
  const client = await authenticator.directory.client(clientId)
  // This comes before the claims, since some claims are right for some clients only. A guess that would fail on its claims is
  // counted like any other.
  const { found: credential, lost } = await findMacSecret(authenticator, request, { clientId, client, jws })
  const claims = checkClaims(authenticator, client, jws, () => {})
  if (client === undefined) throw refusal('unknown_client')
  if (credential === undefined) throw whyNone(client.credentials.secrets, lost, jws.header.alg)
  await useUp(authenticator, clientId, claims)
  return { client, credential }
}

/** @param lost the record of a secret that could not be decrypted; the assertion may be signed with it */
function whyNone(secrets: readonly SecretCredential[], lost: Unreadable | undefined, alg: string): Refusal {
  if (lost !== undefined) {
    const detail = { unreadable_credential: lost.id, problem: lost.problem }
    return refusal('credential_unreadable', { detail })
  }
  if (secrets.some(({ retrievable }) => retrievable !== undefined)) {
    return assertionRefusal('assertion_signature', { detail: { alg } })
  }
  const detail = { expected: 'a secret with retrievable: true', secrets: secrets.length }
  return refusal('no_such_credential', { detail })
}
