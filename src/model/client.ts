import type { ClientAuthMethodName } from '../oauth/client-auth-methods.ts'
import type { GrantType } from '../oauth/grant-types.ts'
import type { Audience, ClientId } from '../oauth/ids.ts'
import type { Unreadable } from '../platform/unreadable.ts'
import type { Claims, RequiredProof } from './api.ts'
import type { Credential, Credentials } from './credentials/credential.ts'

/** A service that may ask for tokens (RFC 6749 §2). Immutable: a change makes a new one. */
export interface Client {
  readonly id: ClientId
  /** The name that administrators see. */
  readonly name: string | undefined
  readonly description: string | undefined
  readonly owner: string | undefined
  readonly tags: readonly string[]
  /** Further data that its owners keep with it. */
  readonly metadata: Claims
  readonly enabled: boolean
  /** The `sub` of its tokens; the client id if undefined. */
  readonly subject: string | undefined
  readonly grantTypes: readonly GrantType[]
  /**
   * The scopes that the client was given, at every API that has them: names, groups, dynamic scopes (`transfer:*`) or single values
   * of dynamic scopes (`transfer:42`).
   */
  readonly scopes: readonly string[]
  /** Scopes that the client was given at one API alone, in addition to those above. Each API occurs once. */
  readonly grants: readonly ApiGrant[]
  /** Whether the client is limited to `scopes` and `grants`. If so, it does not get the scopes that are common to all clients. */
  readonly restrictScopes: boolean
  /** The scopes that are granted if a request asks for none. */
  readonly defaultScopes: readonly string[]
  /** The API that a request is for if it names none. Some clients have no way to send `resource`. */
  readonly defaultApi: Audience | undefined
  readonly token: ClientTokenSettings
  /** The APIs whose tokens it may introspect. */
  readonly introspects: readonly Audience[] | 'all'
  readonly credentials: Credentials
  readonly authentication: ClientAuthentication
  /** The key of which every token request of this client must prove possession. Its tokens are bound to that key. */
  readonly require: RequiredProof | undefined
  /**
   * `tls_client_certificate_bound_access_tokens` (RFC 8705 §3.4): whether a token is bound to the certificate of the request, if the
   * request has one and no DPoP proof.
   */
  readonly bindsToCertificate: boolean
  /** The name of the manifest that owns it: only that manifest changes its settings. Undefined if none does. */
  readonly manifest: string | undefined
  readonly ended?: Ended
}

/** The scopes of one client at one API. */
interface ApiGrant {
  readonly api: Audience
  /** As in `scopes` of the client. */
  readonly scopes: readonly string[]
  /** The scopes that are granted at this API if a request asks for none, instead of the client's `defaultScopes`. */
  readonly defaultScopes: readonly string[]
}

/** The things that operators have ended by commands. No manifest brings them back. Times in milliseconds. */
export interface Ended {
  /** The time at which the client was disabled. */
  readonly disabledAt?: number
  /** Removed credentials that its manifest named, at most one for each label. */
  readonly credentials?: readonly RemovedCredential[]
  /** Revoked credentials that its manifest no longer names, the latest `MOST_REVOKED`; the last one comes last. */
  readonly revoked?: readonly Credential[]
}

/** A removed credential, with the data that recognises it in a manifest. */
export interface RemovedCredential {
  readonly credential: Credential
  readonly removedAt: number
}

/** A client whose record can't be read. Only its id and credentials are known, and usually its `ended`. */
export interface UnreadableClient extends Unreadable {
  readonly kind: 'client'
  readonly id: ClientId
  readonly credentials: Credentials
  readonly ended: Ended | 'unreadable'
}

/** Restrictions on the authentication of a client, in addition to those of its credentials. */
interface ClientAuthentication {
  /** The methods that the client may use. If undefined, it may use any for which it has a credential. */
  readonly methods?: readonly ClientAuthMethodName[]
  /** With `compatible`, assertions may also name the token endpoint instead of the issuer as audience (RFC 7523 §3). */
  readonly assertionAudience?: 'issuer' | 'compatible'
}

/** The settings of a client for its tokens, which override those of the API. */
interface ClientTokenSettings {
  /** Seconds. */
  readonly lifetime?: number
  readonly claims?: Claims
}
