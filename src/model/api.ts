import type { SigningAlgorithm } from '../oauth/algorithms.ts'
import type { Audience } from '../oauth/ids.ts'

/** Claims of somebody's own, by name; any JSON. */
export type Claims = Readonly<Record<string, unknown>>

/** An API that accepts our tokens: a resource server (RFC 6749 §1.1). */
export interface Api {
  readonly audience: Audience
  readonly name: string | undefined
  readonly scopes: readonly Scope[]
  readonly token: ApiTokenSettings
  /** What its tokens must be bound to. */
  readonly require: RequiredProof | undefined
}

/**
 * The key that a token must be bound to: the key of a DPoP proof (RFC 9449), of a client certificate (RFC 8705 §3), or either.
 */
export const requiredProofs = ['dpop', 'certificate_bound', 'sender_constrained'] as const

export type RequiredProof = (typeof requiredProofs)[number]

/** One thing that a token may allow at an API (RFC 6749 §3.3), or a group of such. */
export interface Scope {
  /**
   * A name with one `*` is dynamic: a client asks for, and gets, the name with a value in place of the `*`. A name with several
   * is a wildcard scope.
   */
  readonly name: string
  /**
   * Whether the API itself reads `*` as any text, as RabbitMQ does. Then a client can ask for the name as it stands, and for
   * every name that it covers, with or without `*`.
   */
  readonly wildcard?: boolean
  readonly description?: string
  /** Open to every client that is not restricted to its own; else only to those that were given it. */
  readonly common?: boolean
  /** Granted only to those that ask for it by name. */
  readonly onRequest?: boolean
  /** For a group: the scopes that are granted in its place. */
  readonly includes?: readonly string[]
}

/** How the tokens of an API look: what it says itself. The rest is up to its preset, and to defaults. */
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
  /** In every token. */
  readonly claims?: Claims
  /** Taken from the client: by the claim's name, the client's field. */
  readonly clientClaims?: Readonly<Record<string, string>>
}
