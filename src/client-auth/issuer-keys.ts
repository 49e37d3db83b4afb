import type { CompactJws } from '../crypto/jws/compact.ts'
import { KeyError } from '../crypto/jws/key-error.ts'
import type { PublicKey } from '../crypto/jws/public-key.ts'
import { findSigner, type Tries } from '../crypto/jws/verify.ts'
import type { FederatedTrust } from '../model/credentials/federated-trust.ts'
import { refusal } from './refusals.ts'
import type { RegisteredKeys } from './registered-keys.ts'
import type { IssuerKeys } from './remote-jwks/discovery.ts'

/** The keys of issuers: those that they publish, and those in credentials. */
export interface IssuersKeys {
  readonly published: IssuerKeys
  readonly registered: RegisteredKeys
}

/**
 * Whether a token is signed by its issuer, with the credential's own keys or those that the issuer publishes.
 * @param tries all tries with this token, for any credential
 * @param patience resolves when fetched keys would come too late; without it there is no limit
 * @throws Refusal `keys_unavailable` or `credential_unreadable`
 */
export async function isSignedByIssuer(
  jws: CompactJws,
  trust: FederatedTrust,
  { published, registered }: IssuersKeys,
  tries: Tries,
  patience?: Promise<void>,
): Promise<boolean> {
  if (trust.jwks !== undefined) return findSigner(jws, keysOf(registered, trust.jwks), { tries }) !== undefined
  const { issuer, jwksUri } = trust
  if (findSigner(jws, await published.keysFor(issuer, jws.header.kid, jwksUri, patience), { tries }) !== undefined)
    return true
  return findSigner(jws, await published.renewedKeys(issuer, jwksUri, patience), { tries }) !== undefined
}

/** @throws Refusal `credential_unreadable` if the stored keys are not a valid set */
function keysOf(registered: RegisteredKeys, jwks: NonNullable<FederatedTrust['jwks']>): readonly PublicKey[] {
  try {
    return registered.ofIssuer(jwks)
  } catch (error) {
    if (!(error instanceof KeyError)) throw error
    throw refusal('credential_unreadable', { detail: { problem: error.message } })
  }
}
