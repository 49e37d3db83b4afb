declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** One issuer with its own clients, APIs and keys. Every other id is unique within its tenant only. */
export type TenantId = Branded<'TenantId'>
/** A `client_id` (RFC 6749 §2.2). */
export type ClientId = Branded<'ClientId'>
/** The id of a credential of a client. It is internal, and never on the wire. */
export type CredentialId = Branded<'CredentialId'>
/** The absolute URI of an API, as it stands in `aud` (RFC 9068 §2.2). */
export type Audience = Branded<'Audience'>
/** A `kid` (RFC 7517 §4.5): the RFC 7638 thumbprint of the public key. */
export type KeyId = Branded<'KeyId'>
/** A `jti` (RFC 7519 §4.1.7). */
export type Jti = Branded<'Jti'>
/** The id under which everything about one request is recorded. */
export type RequestId = Branded<'RequestId'>

/** The most characters of a client's id. A longer id is never looked up or remembered. */
export const LONGEST_CLIENT_ID = 256

export const TenantId = (value: string): TenantId => value as TenantId
export const ClientId = (value: string): ClientId => value as ClientId
export const CredentialId = (value: string): CredentialId => value as CredentialId
export const Audience = (value: string): Audience => value as Audience
export const KeyId = (value: string): KeyId => value as KeyId
export const Jti = (value: string): Jti => value as Jti
export const RequestId = (value: string): RequestId => value as RequestId

/** The only tenant of a server to which no others were added. */
export const DEFAULT_TENANT = TenantId('default')
