import type { Credential, Jwk } from '../../model/credentials/credential.ts'
import type { FederatedTrust } from '../../model/credentials/federated-trust.ts'
import type { CredentialInput, FederatedInput } from '../schemas/credential.ts'
import { withoutUndefined } from '../schemas/values.ts'
import type { ProofSpec } from './make.ts'

/**
 * The secret, keys, certificate or trust that an input describes.
 * @param secret the secret, from wherever it came; undefined if one is to be generated
 */
export function proofOf(wanted: CredentialInput, secret: string | undefined): ProofSpec {
  const {
    jwks,
    jwks_uri: jwksUri,
    algorithm,
    secret_hash: imported,
    certificate,
    federated,
    retrievable = false,
  } = wanted
  if (jwks !== undefined) return { kind: 'keys', source: { jwks: jwks.keys }, algorithm }
  if (jwksUri !== undefined) return { kind: 'keys', source: { jwksUri }, algorithm }
  if (imported !== undefined) return { kind: 'imported', hash: imported }
  if (certificate !== undefined) return { kind: 'certificate', matcher: withoutUndefined(certificate) }
  if (federated !== undefined) return { kind: 'federated', trust: toTrust(federated) }
  return { kind: 'secret', secret, isRetrievable: retrievable }
}

/** A federated credential as a manifest describes it. */
export const toTrust = ({ jwks_uri: jwksUri, jwks, max_age: maxAge, ...trust }: FederatedInput): FederatedTrust =>
  withoutUndefined({ ...trust, jwksUri, jwks: jwks?.keys, maxAge })

/**
 * The fields by which a manifest describes the keys, certificate or trust of a credential. `proofOf` reads them back. They
 * have no secret.
 */
export function fromProof(credential: Credential): Readonly<Record<string, unknown>> {
  switch (credential.kind) {
    case 'secret':
      return credential.retrievable === undefined ? {} : { retrievable: true }
    case 'keys': {
      const { source, algorithm } = credential
      return { ...('jwks' in source ? { jwks: jwksOf(source.jwks) } : { jwks_uri: source.jwksUri }), algorithm }
    }
    case 'certificate':
      return { certificate: credential.matcher }
    case 'federated': {
      const { jwksUri, jwks, maxAge, ...trust } = credential.trust
      return { federated: { ...trust, jwks_uri: jwksUri, jwks: jwks && jwksOf(jwks), max_age: maxAge } }
    }
  }
}

const jwksOf = (keys: readonly Jwk[]) => ({ keys })
