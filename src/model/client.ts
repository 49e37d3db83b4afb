import type { ClientAuthMethodName } from '../oauth/client-auth-methods.ts'
import type { GrantType } from '../oauth/grant-types.ts'
import type { Audience, ClientId } from '../oauth/ids.ts'
import type { Unreadable } from '../platform/unreadable.ts'
import type { Claims, RequiredProof } from './api.ts'
import type { Credential, Credentials } from './credentials/credential.ts'

/** A service that may ask for tokens (RFC 6749 §2). Immutable: a change makes a new one. */
export interface Client {
  readonly id: ClientId
  /** The admin label. */
  readonly name: string | undefined
  readonly description: string | undefined
  readonly owner: string | undefined
  readonly tags: readonly string[]
  /** What else its owners want to keep with it. */
  readonly metadata: Claims
  readonly enabled: boolean
  /** `sub` of its tokens; the client id unless set. */
  readonly subject: string | undefined
  readonly grantTypes: readonly GrantType[]
  /**
   * The scopes it was given, at every API that has them: names, groups, dynamic scopes (`transfer:*`) or single
   * values of those (`transfer:42`).
   */
  readonly scopes: readonly string[]
  /** Scopes that the client was given at one API alone, in addition to those above. Each API occurs once. */
  readonly grants: readonly ApiGrant[]
  /** Whether the client is limited to `scopes` and `grants`. If so, it does not get the scopes that are common to all clients. */
  readonly restrictScopes: boolean
  /** Granted when it asks for none. */
  readonly defaultScopes: readonly string[]
  /** The API that a request is for if it names none. Some clients have no way to send `resource`. */
  readonly defaultApi: Audience | undefined
  readonly token: ClientTokenSettings
  /** The APIs whose tokens it may introspect. */
  readonly introspects: readonly Audience[] | 'all'
  readonly credentials: Credentials
  readonly authentication: ClientAuthentication
  /** What a request of this client must prove that it has, so that its tokens are bound to it. */
  readonly require: RequiredProof | undefined
  /**
   * Whether a token is bound to the certificate of the request, if there is one and no DPoP proof: its
   * `tls_client_certificate_bound_access_tokens` (RFC 8705 §3.4).
   */
  readonly bindsToCertificate: boolean
  readonly ended?: Ended
}

/** The scopes of one client at one API. */
interface ApiGrant {
  readonly api: Audience
  /** As in `scopes` of the client. */
  readonly scopes: readonly string[]
  /** Granted there when the client asks for none, in place of its other defaults. */
  readonly defaultScopes: readonly string[]
}

/** The things that operators have ended by commands. No manifest brings them back. Times in milliseconds. */
export interface Ended {
  /** The time at which the client was disabled. */
  readonly disabledAt?: number
  /** Removed credentials that its manifest named, at most one for each label. */
  readonly credentials?: readonly RemovedCredential[]
}

/** A removed credential, with the data that identifies the same one in a manifest. */
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

/** How a client may authenticate, beyond what its credentials say. */
interface ClientAuthentication {
  /** The methods that it may use; any that it has a credential for where there are none. */
  readonly methods?: readonly ClientAuthMethodName[]
  /** `compatible`: its assertions may name the token endpoint, too, in place of the issuer (RFC 7523 §3). */
  readonly assertionAudience?: 'issuer' | 'compatible'
}

/** What a client sets for its tokens, over what the API says. */
interface ClientTokenSettings {
  /** Seconds. */
  readonly lifetime?: number
  readonly claims?: Claims
}
