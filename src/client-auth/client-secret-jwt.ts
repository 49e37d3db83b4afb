import type { SecretCredential } from '../model/credentials/credential.ts'
import type { Refusal } from '../oauth/refusal.ts'
import type { Unreadable } from '../platform/unreadable.ts'
import { refusal as assertionRefusal } from './assertions/refusals.ts'
import { checkClaims, consumeAssertion } from './client-assertion.ts'
import type { ClientAuthContext, Sender, VerifiedCredential } from './context.ts'
import { findMacSecret } from './guessable.ts'
import type { PresentedAssertion } from './presented.ts'
import { refusal } from './refusals.ts'

/**
 * Verifies a JWT with a MAC under the client's secret (RFC 7523 §2.2; OpenID Connect Core §9, `client_secret_jwt`).
 * @throws Refusal if it proves nothing
 */
export async function verifyClientSecretJwt(
  context: ClientAuthContext,
  { clientId, jws }: PresentedAssertion,
  sender: Sender,
): Promise<VerifiedCredential> {
  const client = await context.directory.client(clientId)
  // The MAC is checked before the claims, since the accepted claims depend on the client. A guess with wrong claims is
  // counted like any other.
  const { found: credential, lost } = await findMacSecret(context, sender, { clientId, client, jws })
  const claims = checkClaims(context, client, jws, () => {}, sender.at)
  if (client === undefined) throw refusal('unknown_client')
  if (credential === undefined) throw whyNone(client.credentials.secrets, lost, jws.header.alg)
  await consumeAssertion(context, clientId, claims)
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
