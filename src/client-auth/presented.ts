import type { CompactJws } from '../crypto/jws/compact.ts'
import type { PresentedCertificate } from '../crypto/x509/peer.ts'
import type { ClientId } from '../oauth/ids.ts'

/** A `client_id` and a secret, as a request has them. */
export interface SecretReading {
  readonly clientId: ClientId
  readonly secret: string
}

interface ByMethod<Kind extends string, Method extends string> {
  readonly kind: Kind
  /** The registered name of the method (RFC 8414 §5). */
  readonly method: Method
}

export interface PresentedSecret extends ByMethod<'secret', 'client_secret_basic' | 'client_secret_post'> {
  /** The possible meanings, likeliest first, since clients disagree on encoding. At most one is right. */
  readonly readings: readonly [SecretReading, ...SecretReading[]]
}

/** A JWT that a client has signed itself; not yet verified. */
export interface PresentedAssertion extends ByMethod<'assertion', 'client_secret_jwt' | 'private_key_jwt'> {
  readonly clientId: ClientId
  readonly jws: CompactJws
}

export interface PresentedClientCertificate
  extends ByMethod<'certificate', 'tls_client_auth' | 'self_signed_tls_client_auth'> {
  readonly clientId: ClientId
  readonly certificate: PresentedCertificate
}

/** A token of an outside issuer; not yet verified. */
export interface PresentedFederatedToken extends ByMethod<'federated', 'federated_jwt'> {
  /** Undefined if only the token tells which client sends it. */
  readonly clientId: ClientId | undefined
  readonly jws: CompactJws
}

/** The credentials of a request, read and not yet verified. */
export type PresentedCredentials =
  | PresentedSecret
  | PresentedAssertion
  | PresentedClientCertificate
  | PresentedFederatedToken

/** The authentication of a request, read and not yet verified. */
export type PresentedAuthentication = (PresentedCredentials | { readonly kind: 'none' }) & {
  /** The `client_id` parameter, which may stand beside other credentials (RFC 6749 §3.2.1). */
  readonly parameterId: ClientId | undefined
}

/** The ids of the clients that may have sent the credentials; empty if only verification can tell. */
export function clientIdsOf(presented: PresentedCredentials): readonly ClientId[] {
  if (presented.kind === 'secret') return presented.readings.map(({ clientId }) => clientId)
  return presented.clientId === undefined ? [] : [presented.clientId]
}
