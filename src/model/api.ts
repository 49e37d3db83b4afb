import type { SigningAlgorithm } from '../oauth/algorithms.ts'
import type { Audience } from '../oauth/ids.ts'

/** Claims that an administrator defines: any JSON, by name. */
export type Claims = Readonly<Record<string, unknown>>

/** An API that accepts our tokens: a resource server (RFC 6749 §1.1). */
export interface Api {
  readonly audience: Audience
  readonly name: string | undefined
  /** The group that looks after the API. */
  readonly owner?: string | undefined
  readonly scopes: readonly Scope[]
  readonly token: ApiTokenSettings
  /** The key that tokens of this API must be bound to. */
  readonly require: RequiredProof | undefined
  /** The name of the manifest that owns it: only that manifest changes it. Undefined if none does. */
  readonly manifest: string | undefined
  /**
   * Whether a client has scopes here only by a grant that names this API. The scopes that a client was given at every API, and those
   * common to all clients, don't count here.
   */
  readonly byGrantOnly?: true
}

/**
 * The key that a token must be bound to: the key of a DPoP proof (RFC 9449), of a client certificate (RFC 8705 §3), or either.
 */
export const requiredProofs = ['dpop', 'certificate_bound', 'sender_constrained'] as const

export type RequiredProof = (typeof requiredProofs)[number]

/** A scope of an API (RFC 6749 §3.3), or a group of scopes. */
export interface Scope {
  /**
   * A name with one `*` is dynamic: a client asks for, and gets, the name with a value in place of the `*`. A name with several
   * is a wildcard scope.
   */
  readonly name: string
  /**
   * Whether the API itself reads `*` as any text, as RabbitMQ does. Then a client can ask for the name itself, and for
   * every name that it covers, with or without `*`.
   */
  readonly wildcard?: boolean
  readonly description?: string
  /** Whether every client may get it, except those with `restrictScopes`. If not, only clients that were given it may. */
  readonly common?: boolean
  /** Whether it is granted only if a request asks for it by name. */
  readonly onRequest?: boolean
  /** For a group: the scopes that are granted in its place. */
  readonly includes?: readonly string[]
}

/** The format of the tokens of an API, as far as the API sets it. Its preset and the defaults set the rest. */
export interface ApiTokenSettings {
  /** The verifier that the API uses, by its name in the table of presets. */
  readonly preset?: string
  readonly format?: 'jwt' | 'sealed'
  readonly algorithm?: SigningAlgorithm
  /** The `typ` of the JOSE header. */
  readonly typ?: 'at+jwt' | 'JWT'
  /** Seconds. */
  readonly lifetime?: number
  /** Whether scopes stand in `scope`, a string, in `scp`, an array, or in both. */
  readonly scopeClaims?: readonly ('scope' | 'scp')[]
  /** Claims of every token. */
  readonly claims?: Claims
  /** Claims whose values come from fields of the client: the name of the claim, and that of the field. */
  readonly clientClaims?: Readonly<Record<string, string>>
}
