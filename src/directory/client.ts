import type { GrantType } from '../oauth/grant-types.ts'
import type { ClientId } from '../oauth/ids.ts'
import type { SecretCredential } from '../secrets/credential.ts'

/** A service that may ask for tokens (RFC 6749 §2). Immutable: a change makes a new one. */
export interface Client {
  readonly id: ClientId
  /** The admin label. */
  readonly name: string | undefined
  readonly description: string | undefined
  readonly owner: string | undefined
  readonly tags: readonly string[]
  readonly enabled: boolean
  /** `sub` of its tokens; the client id unless set. */
  readonly subject: string | undefined
  readonly grantTypes: readonly GrantType[]
  /** The scopes it may be granted, at every API that has a scope of that name. */
  readonly scopes: readonly string[]
  /** Granted when it asks for none. */
  readonly defaultScopes: readonly string[]
  readonly token: TokenSettings
  readonly secrets: readonly SecretCredential[]
}

/** What an API sets for its tokens, and a client may set over that. */
export interface TokenSettings {
  /** Seconds. */
  readonly lifetime?: number
}
