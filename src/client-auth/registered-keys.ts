import { type PublicKey, parseKeySet, parsePublicJwk } from '../crypto/jws/public-key.ts'
import type { Jwk } from '../model/credentials/credential.ts'

type Keys = readonly PublicKey[]

/**
 * The public keys that are registered by value, not by URL. Each list is parsed once, and forgotten with its
 * credential.
 */
export class RegisteredKeys {
  readonly #ofClients = new WeakMap<readonly Jwk[], Keys>()
  readonly #ofIssuers = new WeakMap<readonly Jwk[], Keys>()

  /** The keys of a client. @throws KeyError if any is not a valid public key */
  ofClient(jwks: readonly Jwk[]): Keys {
    const keys = this.#ofClients.get(jwks) ?? jwks.map(parsePublicJwk)
    this.#ofClients.set(jwks, keys)
    return keys
  }

  /** The keys of an outside issuer, without those of an unknown kind. @throws KeyError if it is not a set of keys */
  ofIssuer(jwks: readonly Jwk[]): Keys {
    const keys = this.#ofIssuers.get(jwks) ?? parseKeySet({ keys: jwks }).keys
    this.#ofIssuers.set(jwks, keys)
    return keys
  }
}
