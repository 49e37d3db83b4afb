import { isSameUri, normaliseUri } from '../oauth/uri.ts'
import type { Unreadable } from '../platform/unreadable.ts'
import type { Api, Scope } from './api.ts'
import { type ApiPatterns, patternsOf, ScopePatterns } from './scope-patterns.ts'

/** All APIs at one moment, indexed by audience and by scope. */
export class ApiSet {
  readonly #all: readonly Api[]
  /** Keyed by the audience as written, and by its normal form (RFC 3986 §6.2). */
  readonly #byAudience: ReadonlyMap<string, Api>
  readonly #byScope = new Map<string, Api[]>()
  readonly #patterns: ScopePatterns<{ readonly scope: Scope; readonly api: Api }>
  readonly #patternsOfApis: ReadonlyMap<Api, ApiPatterns>
  /** APIs whose records can't be read; the `id` of each is its audience. */
  readonly unreadable: readonly Unreadable[]

  constructor(apis: readonly Api[], unreadable: readonly Unreadable[] = []) {
    this.#all = apis
    this.unreadable = unreadable
    this.#byAudience = new Map([
      ...apis.map((api) => [normaliseUri(api.audience), api] as const),
      ...apis.map((api) => [api.audience, api] as const),
    ])
    for (const api of apis) {
      for (const { name } of api.scopes) this.#byScope.set(name, [...(this.#byScope.get(name) ?? []), api])
    }
    this.#patternsOfApis = new Map(apis.map((api) => [api, patternsOf(api)]))
    this.#patterns = new ScopePatterns(apis.flatMap((api) => api.scopes.map((scope) => ({ scope, api }))))
  }

  get all(): readonly Api[] {
    return this.#all
  }

  /** The API of this audience, in any spelling, since some libraries normalise URIs (RFC 8707 leaves that open). */
  get(audience: string): Api | undefined {
    return this.#byAudience.get(audience) ?? this.#byAudience.get(normaliseUri(audience))
  }

  /** The API of this audience, in any spelling, if its record can't be read. */
  unreadableOf(audience: string): Unreadable | undefined {
    return this.unreadable.find(({ id }) => isSameUri(id, audience))
  }

  /** The scopes of one of these APIs that have a `*`, the most specific first. */
  patternsOf(api: Api): ApiPatterns {
    return this.#patternsOfApis.get(api) ?? patternsOf(api)
  }

  /** The APIs that have a scope of this name, or one with a `*` that covers it. */
  withScope(name: string): readonly Api[] {
    const fixed = this.#byScope.get(name) ?? []
    const others = this.#patterns.of(name).map(({ api }) => api)
    return others.length === 0 ? fixed : [...new Set([...fixed, ...others])]
  }
}
