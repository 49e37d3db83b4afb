import type { GrantType } from '../oauth/grant-types.ts'
import type { Audience, ClientId } from '../oauth/ids.ts'
import type { SecretCredential } from '../secrets/credential.ts'
import type { Claims } from './api.ts'

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
  /** Whether `scopes` is all: then scopes that are common to all clients are not open to this one. */
  readonly restrictScopes: boolean
  /** Granted when it asks for none. */
  readonly defaultScopes: readonly string[]
  readonly token: ClientTokenSettings
  /** The APIs whose tokens it may introspect. */
  readonly introspects: readonly Audience[] | 'all'
  readonly secrets: readonly SecretCredential[]
}

/** What a client sets for its tokens, over what the API says. */
interface ClientTokenSettings {
  /** Seconds. */
  readonly lifetime?: number
  readonly claims?: Claims
}
