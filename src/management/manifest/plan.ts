import type { Api } from '../../model/api.ts'
import type { Client } from '../../model/client.ts'
import type { Credential } from '../../model/credentials/credential.ts'
import type { Audience, ClientId } from '../../oauth/ids.ts'

/** What is done to one API or client. */
export interface Step {
  readonly action: 'create' | 'update' | 'unchanged'
  readonly kind: 'api' | 'client'
  readonly id: string
  /** The fields that differ, for an update. */
  readonly fields: readonly string[]
}

/** A secret that was made for a client; nothing but this tells it. */
export interface GeneratedSecret {
  readonly clientId: ClientId
  readonly label: string
  readonly secret: string
}

/** What applying a manifest will do. */
export interface Plan {
  readonly steps: readonly Step[]
  readonly apis: readonly Api[]
  readonly clients: readonly Client[]
  readonly generated: readonly GeneratedSecret[]
  /** The losses that it causes. */
  readonly losses: readonly Loss[]
  /** What may be applied, and won't do what was meant. */
  readonly warnings: readonly string[]
}

/** A loss that a plan causes: something that somebody can no longer use. Times in milliseconds. */
export type Loss =
  | {
      readonly kind: 'credential'
      readonly clientId: ClientId
      readonly credential: Credential
      /** Undefined if it ends at once. */
      readonly endsAt: number | undefined
      /** Undefined if it was never used. */
      readonly lastUsedAt: number | undefined
    }
  /** A scope that the API no longer has, or gives to fewer clients. */
  | { readonly kind: 'api scope'; readonly audience: Audience; readonly scope: string; readonly clients: number }
  | { readonly kind: 'client scope'; readonly clientId: ClientId; readonly audience: Audience; readonly scope: string }
  | { readonly kind: 'disabled'; readonly clientId: ClientId }
  | {
      readonly kind: 'owner'
      readonly clientId: ClientId
      readonly before: string
      /** Undefined if nobody owns it. */
      readonly after: string | undefined
    }
