import type { AsymmetricAlgorithm } from '../../crypto/jws/algorithms.ts'
import type { Encrypted } from '../../crypto/master-key.ts'
import type { CredentialId } from '../../oauth/ids.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import type { CertificateMatcher } from './certificate-subject.ts'
import type { FederatedTrust } from './federated-trust.ts'
import type { SecretHash } from './secret-hash.ts'

/** One of the credentials of a client; any number may be valid at a time. Times in milliseconds. */
export type Credential = SecretCredential | KeysCredential | CertificateCredential | FederatedCredential

/** What every credential has, whatever it proves with. */
export interface CredentialLife {
  readonly id: CredentialId
  /** Unique among those of a manifest; empty where none was given. */
  readonly label: string
  /** What a person can tell it from others by, such as the last characters of a generated secret; never what proves. */
  readonly hint: string
  /**
   * A manifest changes and removes only its own credentials and those of the `tessera dev` sample, never those made by a command.
   * Sample credentials are accepted by `tessera dev` alone.
   */
  readonly origin: 'manifest' | 'command' | 'sample'
  readonly createdAt: number
  /** From then on it is refused. */
  readonly expiresAt: number | undefined
  /** Since when it is refused, whatever a manifest says. */
  readonly revokedAt: number | undefined
  /** The credential that it came after, and when that one was to expire before: to undo it by. */
  readonly replaces: { readonly id: CredentialId; readonly expiresAt: number | undefined } | undefined
}

/** A shared secret (RFC 6749 §2.3.1). */
export interface SecretCredential extends CredentialLife {
  readonly kind: 'secret'
  readonly hash: SecretHash
  /** The secret itself, under the master key: only where the client signs with it (`client_secret_jwt`). */
  readonly retrievable: Encrypted | undefined
}

/** Public keys of the client's (`private_key_jwt`): a set, or where one is. */
export interface KeysCredential extends CredentialLife {
  readonly kind: 'keys'
  readonly source: { readonly jwks: readonly Jwk[] } | { readonly jwksUri: string }
  /** The only algorithm that it may sign with; any that fits its keys where it is undefined. */
  readonly algorithm: AsymmetricAlgorithm | undefined
}

/** A public JWK (RFC 7517 §4). */
export type Jwk = Readonly<Record<string, unknown>>

/** A client certificate, by what stands in it or by its thumbprint (RFC 8705 §2). */
export interface CertificateCredential extends CredentialLife {
  readonly kind: 'certificate'
  readonly matcher: CertificateMatcher
}

/** Tokens of an outside issuer that are as good as a secret. */
export interface FederatedCredential extends CredentialLife {
  readonly kind: 'federated'
  readonly trust: FederatedTrust
}

/** A credential whose record can't be read. It proves nothing, and stays until somebody removes or replaces it. */
export interface UnreadableCredential extends Unreadable {
  readonly kind: 'credential'
  readonly id: CredentialId
  readonly label: string
  /** The stored text, which may be none of the values of `CredentialLife`. */
  readonly origin: string
}

/** The credentials of a client, by kind; the same object for as long as the client does not change. */
export interface Credentials {
  readonly all: readonly Credential[]
  readonly secrets: readonly SecretCredential[]
  readonly keys: readonly KeysCredential[]
  readonly certificates: readonly CertificateCredential[]
  readonly federated: readonly FederatedCredential[]
  readonly unreadable: readonly UnreadableCredential[]
}

export const toCredentials = (
  all: readonly Credential[],
  unreadable: readonly UnreadableCredential[] = [],
): Credentials => ({
  all,
  unreadable,
  secrets: all.filter((credential) => credential.kind === 'secret'),
  keys: all.filter((credential) => credential.kind === 'keys'),
  certificates: all.filter((credential) => credential.kind === 'certificate'),
  federated: all.filter((credential) => credential.kind === 'federated'),
})

/** Whether a credential counts. @param now milliseconds */
export const isValid = ({ expiresAt, revokedAt }: CredentialLife, now: number): boolean =>
  revokedAt === undefined && (expiresAt === undefined || expiresAt > now)
