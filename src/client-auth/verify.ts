import { verifyClientSecretJwt } from './client-secret-jwt.ts'
import type { Attempt, ClientAuthContext, VerifiedCredential } from './context.ts'
import { verifyFederatedJwt } from './federated-jwt.ts'
import type { PresentedCredentials } from './presented.ts'
import { verifyPrivateKeyJwt } from './private-key-jwt.ts'
import { verifySecret } from './secret.ts'
import { verifySelfSignedTlsClientAuth } from './self-signed-tls-client-auth.ts'
import { verifyTlsClientAuth } from './tls-client-auth.ts'

/**
 * Verifies credentials by their method. It returns no promise if it need not wait.
 * @throws Refusal if they prove nothing
 */
export function verifyCredentials(
  context: ClientAuthContext,
  presented: PresentedCredentials,
  attempt: Attempt,
): VerifiedCredential | Promise<VerifiedCredential> {
  switch (presented.method) {
    case 'client_secret_basic':
    case 'client_secret_post':
      return verifySecret(context, presented, attempt)
    case 'client_secret_jwt':
      return verifyClientSecretJwt(context, presented, attempt)
    case 'private_key_jwt':
      return verifyPrivateKeyJwt(context, presented, attempt)
    case 'tls_client_auth':
      return verifyTlsClientAuth(context, presented, attempt)
    case 'self_signed_tls_client_auth':
      return verifySelfSignedTlsClientAuth(context, presented, attempt)
    case 'federated_jwt':
      return verifyFederatedJwt(context, presented, attempt)
    default:
      throw presented satisfies never
  }
}
