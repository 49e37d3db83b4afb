import type { AsymmetricAlgorithm } from '../../crypto/jws/algorithms.ts'
import type { Encrypted } from '../../crypto/master-key.ts'
import type { CredentialId } from '../../oauth/ids.ts'
import { membersOf } from '../../platform/members.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import type { CertificateMatcher } from './certificate-subject.ts'
import type { FederatedTrust } from './federated-trust.ts'
import type { SecretHash } from './secret-hash.ts'

/** One of the credentials of a client, of which several may be valid at a time. Times in milliseconds. */
export type Credential = SecretCredential | KeysCredential | CertificateCredential | FederatedCredential

/** The properties of a credential of any kind. */
export interface CredentialLife {
  readonly id: CredentialId
  /** The label: unique among the credentials of a manifest; empty if none was given. */
  readonly label: string
  /** A hint that helps a person to recognise it, such as the last characters of a generated secret. It can't authenticate. */
  readonly hint: string
  /**
   * A manifest changes and removes only its own credentials and those of the `tessera dev` sample, never those made by a command.
   * Sample credentials are accepted by `tessera dev` alone.
   */
  readonly origin: 'manifest' | 'command' | 'sample'
  readonly createdAt: number
  /** The time from which the credential is refused. */
  readonly expiresAt: number | undefined
  /** The time since which the credential is refused, whatever a manifest says. */
  readonly revokedAt: number | undefined
  /** The credential that a rotation replaced by this one, and its former expiry, with which `cancel` restores it. */
  readonly replaces: { readonly id: CredentialId; readonly expiresAt: number | undefined } | undefined
}

/** A shared secret (RFC 6749 §2.3.1). */
export interface SecretCredential extends CredentialLife {
  readonly kind: 'secret'
  readonly hash: SecretHash
  /** The SHA-256 of the imported hash that `hash` has replaced, by which a manifest that still gives it is recognised. */
  readonly imported?: string
  /** The secret itself, encrypted under the master key; only for clients that sign with it (`client_secret_jwt`). */
  readonly retrievable: Encrypted | undefined
}

/** Public keys of a client (`private_key_jwt`): a set, or the URL of one. */
export interface KeysCredential extends CredentialLife {
  readonly kind: 'keys'
  readonly source: { readonly jwks: readonly Jwk[] } | { readonly jwksUri: string }
  /** The only algorithm that the client may sign with. If undefined, any that fits the keys is allowed. */
  readonly algorithm: AsymmetricAlgorithm | undefined
}

/** A public JWK (RFC 7517 §4). */
export type Jwk = Readonly<Record<string, unknown>>

/** A client certificate, identified by one of its names or by its thumbprint (RFC 8705 §2). */
export interface CertificateCredential extends CredentialLife {
  readonly kind: 'certificate'
  readonly matcher: CertificateMatcher
}

/** The tokens of an outside issuer that authenticate a client. */
export interface FederatedCredential extends CredentialLife {
  readonly kind: 'federated'
  readonly trust: FederatedTrust
}

/** A credential whose record can't be read. It authenticates nobody, and stays until somebody removes or replaces it. */
export interface UnreadableCredential extends Unreadable {
  readonly kind: 'credential'
  readonly id: CredentialId
  readonly label: string
  /** The stored text. It need not be one of the values in `CredentialLife`. */
  readonly origin: string
}

/** The credentials of a client, by kind. The object stays the same until the client changes. */
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
  secrets: membersOf(all, (credential) => credential.kind === 'secret'),
  keys: membersOf(all, (credential) => credential.kind === 'keys'),
  certificates: membersOf(all, (credential) => credential.kind === 'certificate'),
  federated: membersOf(all, (credential) => credential.kind === 'federated'),
})

/** The kinds of the credentials, each once. */
export const kindsOf = ({ all }: Credentials): readonly Credential['kind'][] => [
  ...new Set(all.map(({ kind }) => kind)),
]

/** Whether a credential is neither revoked nor expired. @param now milliseconds */
export const isValid = ({ expiresAt, revokedAt }: CredentialLife, now: number): boolean =>
  revokedAt === undefined && (expiresAt === undefined || expiresAt > now)

/** Whether a credential is a secret whose digest begins like this. */
export const hasDigest = (credential: Credential, start: string): boolean =>
  credential.kind === 'secret' && credential.hash.kind === 'sha256' && credential.hash.digest.startsWith(start)
