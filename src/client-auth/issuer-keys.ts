import type { CompactJws } from '../crypto/jws/compact.ts'
import { KeyError } from '../crypto/jws/key-error.ts'
import { type PublicKey, parseKeySet } from '../crypto/jws/public-key.ts'
import { findSigner, type Tries } from '../crypto/jws/verify.ts'
import type { FederatedTrust } from '../model/credentials/federated-trust.ts'
import { refusal } from './refusals.ts'
import type { IssuerKeys } from './remote-jwks/discovery.ts'

/**
 * Whether a token is signed by its issuer, with the credential's own keys or those that the issuer publishes.
 * @param tries all tries with this token, for any credential
 * @param patience resolves when fetched keys would come too late; without it there is no limit
 * @throws Refusal `keys_unavailable` or `credential_unreadable`
 */
export async function isSignedByIssuer(
  jws: CompactJws,
  trust: FederatedTrust,
  published: IssuerKeys,
  tries: Tries,
  patience?: Promise<void>,
): Promise<boolean> {
  if (trust.jwks !== undefined) return findSigner(jws, keysOf(trust.jwks), { tries }) !== undefined
  const { issuer, jwksUri } = trust
  if (findSigner(jws, await published.keysFor(issuer, jws.header.kid, jwksUri, patience), { tries }) !== undefined)
    return true
  return findSigner(jws, await published.renewedKeys(issuer, jwksUri, patience), { tries }) !== undefined
}

const known = new WeakMap<NonNullable<FederatedTrust['jwks']>, readonly PublicKey[]>()

/** @throws Refusal `credential_unreadable` if what is stored is no set of keys */
function keysOf(jwks: NonNullable<FederatedTrust['jwks']>): readonly PublicKey[] {
  try {
    const keys = known.get(jwks) ?? parseKeySet({ keys: jwks }).keys
    known.set(jwks, keys)
    return keys
  } catch (error) {
    if (!(error instanceof KeyError)) throw error
    throw refusal('credential_unreadable', { detail: { problem: error.message } })
  }
}
