import type { Api } from '../../model/api.ts'
import type { Client } from '../../model/client.ts'
import type { Credential } from '../../model/credentials/credential.ts'
import type { ModelDeletions } from '../../model/store.ts'
import type { Audience, ClientId } from '../../oauth/ids.ts'
import type { TestResult } from './tests/run.ts'

/** The step of a plan for one API or client. */
export interface Step {
  readonly action: 'create' | 'update' | 'rename' | 'delete' | 'unchanged'
  readonly kind: 'api' | 'client'
  readonly id: string
  /** The former id, for a rename. */
  readonly from?: string
  /** The fields that differ, for an update or a rename. */
  readonly changes: readonly FieldChange[]
}

/** A field that differs. Values are JSON without secrets; a long one is cut, and is then a text. */
export interface FieldChange {
  /** Its name in a manifest: `token.lifetime`, `scopes.read` of an API, `credentials.main` of a client. */
  readonly field: string
  /** Null if it had no value. */
  readonly before: unknown
  readonly after: unknown
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
  readonly deleted: ModelDeletions
  readonly generated: readonly GeneratedSecret[]
  /** The losses that the plan causes. */
  readonly losses: readonly Loss[]
  /** The things that belong to somebody else or are in use there, a line each, with its place if it has one. */
  readonly conflicts: readonly string[]
  /** The results of the manifest's tests, in the state that would be. */
  readonly tests: readonly TestResult[]
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
  | ({ readonly kind: 'api scope'; readonly audience: Audience; readonly scope: string } & Users)
  | { readonly kind: 'client scope'; readonly clientId: ClientId; readonly audience: Audience; readonly scope: string }
  | { readonly kind: 'disabled'; readonly clientId: ClientId }
  | { readonly kind: 'client'; readonly clientId: ClientId; readonly lastUsedAt: number | undefined }
  /** The clients are those outside of the manifest that still use it. */
  | ({ readonly kind: 'api'; readonly audience: Audience } & Users)
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

/** The clients that lose something. */
export interface Users {
  readonly clients: number
  /** The first of them. */
  readonly examples: readonly ClientId[]
  /** The last use of any credential of the first ones; undefined if none was used. */
  readonly lastUsedAt: number | undefined
}

/** Whether a loss needs a consent of its own. A credential that was never used serves nobody. */
export const isDestructive = (loss: Loss): boolean => loss.kind !== 'credential' || loss.lastUsedAt !== undefined
