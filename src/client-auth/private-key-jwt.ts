import { KeyError } from '../crypto/jws/key-error.ts'
import type { PublicKey } from '../crypto/jws/public-key.ts'
import { decoyVerify, findSigner, Tries } from '../crypto/jws/verify.ts'
import { isValid, type Jwk, type KeysCredential } from '../model/credentials/credential.ts'
import { OAuthError } from '../oauth/error.ts'
import { ClientId, type CredentialId } from '../oauth/ids.ts'
import { assertionOf, type PresentedAssertion } from './assertion.ts'
import { requireSigner } from './assertions/signature.ts'
import { checkClaims, useUp } from './client-assertion.ts'
import type { Authenticator, ClientAuthMethod, Proven } from './method.ts'
import type { RegisteredKeys } from './registered-keys.ts'

/** A JWT that the client signed with a private key of its own (RFC 7523 §2.2; OpenID Connect Core §9, `private_key_jwt`). */
export const privateKeyJwt: ClientAuthMethod = {
  present(request) {
    const assertion = assertionOf(request)
    if (assertion?.claimed.kind !== 'own') return undefined
    const clientId = ClientId(assertion.claimed.iss ?? '')
    return {
      clientIds: [clientId],
      needsKeys: true,
      verify: (authenticator, _request, patience) => verify(authenticator, clientId, assertion, patience),
    }
  },
}

async function verify(
  authenticator: Authenticator,
  clientId: ClientId,
  { jws }: PresentedAssertion,
  patience: Promise<void>,
): Promise<Proven> {
  const client = await authenticator.directory.client(clientId)
  const claims = checkClaims(authenticator, client, jws, () => decoyVerify(jws))
  const credentials = client?.credentials.keys ?? []
  if (client === undefined || credentials.length === 0) {
    decoyVerify(jws)
    throw new OAuthError(client === undefined ? 'unknown_client' : 'no_such_credential')
  }
  const credential = await findCredential(authenticator, credentials, jws, patience)
  await useUp(authenticator, clientId, claims)
  return { client, credential }
}

/** The credential whose key signed the assertion; those that count are tried first. @throws OAuthError why none did */
async function findCredential(
  authenticator: Authenticator,
  credentials: readonly KeysCredential[],
  jws: PresentedAssertion['jws'],
  patience: Promise<void>,
): Promise<KeysCredential> {
  const now = authenticator.clock.now()
  const inOrder = credentials.toSorted((one, other) => Number(isValid(other, now)) - Number(isValid(one, now)))
  const tries = new Tries()
  let refusal: unknown
  for (const credential of inOrder) {
    try {
      await requireKey(authenticator, credential, jws, tries, patience)
      return credential
    } catch (error) {
      // An administrator wants to know which credential can't be read, or else why the first one does not count.
      if (refusal === undefined || (isUnreadable(error) && !isUnreadable(refusal))) refusal = error
    }
  }
  throw refusal
}

const isUnreadable = (error: unknown): boolean =>
  error instanceof OAuthError && error.reason === 'credential_unreadable'

async function requireKey(
  { keySets, registeredKeys }: Authenticator,
  credential: KeysCredential,
  jws: PresentedAssertion['jws'],
  tries: Tries,
  patience: Promise<void>,
): Promise<void> {
  const { id, source, algorithm: pinned } = credential
  if ('jwks' in source) {
    requireSigner(jws, inlineKeys(registeredKeys, id, source.jwks), { pinned, tries })
    return
  }
  const keys = await keySets.keysFor(source.jwksUri, jws.header.kid, patience)
  if (findSigner(jws, keys, { pinned, tries }) !== undefined) return
  // A client without `kid` may have a new key.
  requireSigner(jws, await keySets.renewedKeys(source.jwksUri, patience), { pinned, tries })
}

/** @throws OAuthError `credential_unreadable` if the stored keys are not valid public keys */
function inlineKeys(registered: RegisteredKeys, id: CredentialId, jwks: readonly Jwk[]): readonly PublicKey[] {
  try {
    return registered.ofClient(jwks)
  } catch (error) {
    if (!(error instanceof KeyError)) throw error
    throw new OAuthError('credential_unreadable', {
      detail: { unreadable_credential: id, problem: error.message },
    })
  }
}
