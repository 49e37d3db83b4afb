/** The clients and APIs this server knows, read from memory. May import `oauth`, `platform`, `credentials`, `changes`. */

import type { SigningAlgorithm } from '../oauth/algorithms.ts'
import type { Audience } from '../oauth/ids.ts'
import type { Unreadable } from '../platform/unreadable.ts'

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

/** A key that a token is bound to: that of a DPoP proof (RFC 9449) or of a client certificate (RFC 8705 §3). */
export const requiredProofs = ['dpop', 'certificate_bound'] as const

export type RequiredProof = (typeof requiredProofs)[number]

/** One thing that a token may allow at an API (RFC 6749 §3.3), or a group of such. */
export interface Scope {
  /** With one `*` it is dynamic: a client asks for, and gets, the name with something in its place. */
  readonly name: string
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
  readonly scope_claims?: readonly ('scope' | 'scp')[]
  /** In every token. */
  readonly claims?: Claims
  /** Taken from the client: by the claim's name, the client's field. */
  readonly client_claims?: Readonly<Record<string, string>>
}

/** All APIs as they stood at one moment, indexed by what requests name them by. */
export class ApiSet {
  readonly #all: readonly Api[]
  readonly #byAudience: ReadonlyMap<string, Api>
  readonly #byScope = new Map<string, Api[]>()
  readonly #dynamic: readonly (readonly [pattern: string, api: Api])[]
  /** APIs whose records can't be read; the `id` of each is its audience. */
  readonly unreadable: readonly Unreadable[]

  constructor(apis: readonly Api[], unreadable: readonly Unreadable[] = []) {
    this.#all = apis
    this.unreadable = unreadable
    this.#byAudience = new Map(apis.map((api) => [api.audience, api]))
    for (const api of apis) {
      for (const { name } of api.scopes) this.#byScope.set(name, [...(this.#byScope.get(name) ?? []), api])
    }
    this.#dynamic = apis.flatMap((api) =>
      api.scopes.filter(({ name }) => isDynamic(name)).map(({ name }) => [name, api] as const),
    )
  }

  get all(): readonly Api[] {
    return this.#all
  }

  get(audience: string): Api | undefined {
    return this.#byAudience.get(audience)
  }

  /** The APIs that have a scope of this name, or a dynamic one that it is a value of. */
  withScope(name: string): readonly Api[] {
    const fixed = this.#byScope.get(name) ?? []
    const dynamic = this.#dynamic.filter(([pattern]) => isValueOf(name, pattern)).map(([, api]) => api)
    return dynamic.length === 0 ? fixed : [...new Set([...fixed, ...dynamic])]
  }
}

/** Whether a scope stands for many: those with something in the place of its `*`. */
export const isDynamic = (name: string): boolean => name.includes('*')

/** Whether `name` is `pattern` with something in the place of its `*`. The pattern itself is not: it would mean them all. */
export function isValueOf(name: string, pattern: string): boolean {
  const star = pattern.indexOf('*')
  if (star === -1 || isDynamic(name) || name.length < pattern.length) return false
  return name.startsWith(pattern.slice(0, star)) && name.endsWith(pattern.slice(star + 1))
}
