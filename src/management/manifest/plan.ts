import type { Api } from '../../model/api.ts'
import type { Client } from '../../model/client.ts'
import type { Credential } from '../../model/credentials/credential.ts'
import type { Audience, ClientId } from '../../oauth/ids.ts'

/** The step of a plan for one API or client. */
export interface Step {
  readonly action: 'create' | 'update' | 'unchanged'
  readonly kind: 'api' | 'client'
  readonly id: string
  /** The fields that differ, for an update. */
  readonly fields: readonly string[]
}

/** A secret that was generated for a client. Nothing else holds it in readable form. */
export interface GeneratedSecret {
  readonly clientId: ClientId
  readonly label: string
  readonly secret: string
}

/** The effects of applying a manifest. */
export interface Plan {
  readonly steps: readonly Step[]
  readonly apis: readonly Api[]
  readonly clients: readonly Client[]
  readonly generated: readonly GeneratedSecret[]
  /** The losses that the plan causes. */
  readonly losses: readonly Loss[]
  /** Likely mistakes that don't prevent the application. */
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
  | {
      readonly kind: 'api owner'
      readonly audience: Audience
      readonly before: string
      /** Undefined if nobody owns it. */
      readonly after: string | undefined
    }
