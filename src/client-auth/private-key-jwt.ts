import type { CompactJws } from '../crypto/jws/compact.ts'
import { KeyError } from '../crypto/jws/key-error.ts'
import type { PublicKey } from '../crypto/jws/public-key.ts'
import { decoyVerify, findSigner, Tries } from '../crypto/jws/verify.ts'
import { isValid, type Jwk, type KeysCredential, kindsOf } from '../model/credentials/credential.ts'
import type { CredentialId } from '../oauth/ids.ts'
import { Refusal } from '../oauth/refusal.ts'
import { requireSigner } from './assertions/signature.ts'
import { checkClaims, consumeAssertion } from './client-assertion.ts'
import type { Attempt, ClientAuthContext, VerifiedCredential } from './context.ts'
import type { PresentedAssertion } from './presented.ts'
import { refusal } from './refusals.ts'
import type { RegisteredKeys } from './registered-keys.ts'

/**
 * Verifies a JWT that the client has signed with its private key (RFC 7523 §2.2; OpenID Connect Core §9,
 * `private_key_jwt`).
 * @throws Refusal if it proves nothing
 */
export async function verifyPrivateKeyJwt(
  context: ClientAuthContext,
  { clientId, jws }: PresentedAssertion,
  attempt: Attempt,
): Promise<VerifiedCredential> {
  const client = await context.directory.client(clientId)
  const claims = checkClaims(context, client, jws, () => decoyVerify(jws), attempt.at)
  const credentials = client?.credentials.keys ?? []
  if (client === undefined || credentials.length === 0) {
    decoyVerify(jws)
    if (client === undefined) throw refusal('unknown_client')
    throw refusal('no_such_credential', { detail: { has: kindsOf(client.credentials) } })
  }
  const credential = await findCredential(context, credentials, jws, attempt)
  await consumeAssertion(context, clientId, claims)
  return { client, credential }
}

/** Finds the credential whose key signed the assertion; valid ones are tried first. @throws Refusal if none did */
async function findCredential(
  context: ClientAuthContext,
  credentials: readonly KeysCredential[],
  jws: CompactJws,
  { at, patience }: Attempt,
): Promise<KeysCredential> {
  const inOrder = credentials.toSorted((one, other) => Number(isValid(other, at)) - Number(isValid(one, at)))
  const tries = new Tries()
  let firstError: unknown
  for (const credential of inOrder) {
    try {
      await requireKey(context, credential, jws, tries, patience)
      return credential
    } catch (error) {
      // Report a credential that can't be read, or else the fault of the first one.
      if (firstError === undefined || (isUnreadable(error) && !isUnreadable(firstError))) firstError = error
    }
  }
  throw firstError
}

const isUnreadable = (error: unknown): boolean => error instanceof Refusal && error.reason === 'credential_unreadable'

async function requireKey(
  { keySets, registeredKeys }: ClientAuthContext,
  credential: KeysCredential,
  jws: CompactJws,
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
  // Without a new `kid`, only a failed check shows that the client may have a new key.
  requireSigner(jws, await keySets.renewedKeys(source.jwksUri, patience), { pinned, tries })
}

/** @throws Refusal `credential_unreadable` if the stored keys are not valid public keys */
function inlineKeys(registered: RegisteredKeys, id: CredentialId, jwks: readonly Jwk[]): readonly PublicKey[] {
  try {
    return registered.ofClient(jwks)
  } catch (error) {
    if (!(error instanceof KeyError)) throw error
    throw refusal('credential_unreadable', {
      detail: { unreadable_credential: id, problem: error.message },
    })
  }
}
