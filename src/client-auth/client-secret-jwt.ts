import { isValid, type SecretCredential } from '../credentials/credential.ts'
import { retrieveSecret } from '../credentials/retrievable.ts'
import { verifyHmac } from '../jws/verify.ts'
import type { MasterKey } from '../keys/master-key.ts'
import { OAuthError } from '../oauth/error.ts'
import { ClientId } from '../oauth/ids.ts'
import { assertionOf, type PresentedAssertion } from './assertion.ts'
import { checkClaims, useUp } from './client-assertion.ts'
import type { Authenticator, ClientAuthMethod, Proven } from './method.ts'

/** Of nobody: what is checked with it is refused all the same. */
const DECOY = Buffer.alloc(32)

/** A JWT under a MAC with the client's secret as its key (RFC 7523 §2.2; OpenID Connect Core §9, `client_secret_jwt`). */
export const clientSecretJwt: ClientAuthMethod = {
  present(request) {
    const assertion = assertionOf(request)
    if (assertion?.claimed.kind !== 'symmetric') return undefined
    const clientId = ClientId(assertion.claimed.sub ?? '')
    return { clientIds: [clientId], verify: (authenticator) => verify(authenticator, clientId, assertion) }
  },
}

async function verify(authenticator: Authenticator, clientId: ClientId, { jws }: PresentedAssertion): Promise<Proven> {
  const client = await authenticator.directory.client(clientId)
  const claims = checkClaims(authenticator, client, jws, () => verifyHmac(jws, DECOY))
  const credentials = client?.credentials.secrets.filter(({ retrievable }) => retrievable !== undefined) ?? []
  if (client === undefined || credentials.length === 0) {
    verifyHmac(jws, DECOY)
    if (client === undefined) throw new OAuthError('unknown_client')
    const detail = { expected: 'a secret with retrievable: true', secrets: client.credentials.secrets.length }
    throw new OAuthError('no_such_credential', { detail })
  }
  const now = authenticator.clock.now()
  const inOrder = credentials.toSorted((one, other) => Number(isValid(other, now)) - Number(isValid(one, now)))
  const credential = findSigned(jws, inOrder, authenticator.masterKey)
  await useUp(authenticator, clientId, claims)
  return { client, credential }
}

/**
 * Finds the credential whose secret signed the assertion.
 * @throws OAuthError `assertion_signature`, or `credential_unreadable` if a secret could not be decrypted
 */
function findSigned(
  jws: PresentedAssertion['jws'],
  credentials: readonly SecretCredential[],
  masterKey: MasterKey,
): SecretCredential {
  let refusal = new OAuthError('assertion_signature', { detail: { alg: jws.header.alg } })
  for (const credential of credentials) {
    const secret = retrieveSecret(credential, masterKey)
    if (Buffer.isBuffer(secret)) {
      if (verifyHmac(jws, secret)) return credential
    } else {
      verifyHmac(jws, DECOY)
      refusal = new OAuthError('credential_unreadable', { detail: { credential: secret.id, problem: secret.problem } })
    }
  }
  throw refusal
}
