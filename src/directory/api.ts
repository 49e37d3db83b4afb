/** The clients and APIs this server knows, read from memory. May import `oauth`, `secrets`, `changes`. */

import type { Audience } from '../oauth/ids.ts'
import type { TokenSettings } from './client.ts'

/** An API that accepts our tokens: a resource server (RFC 6749 §1.1). */
export interface Api {
  readonly audience: Audience
  readonly name: string | undefined
  readonly scopes: readonly Scope[]
  readonly token: TokenSettings
}

/** One thing that a token may allow at an API (RFC 6749 §3.3). */
interface Scope {
  readonly name: string
  readonly description: string | undefined
}

/** All APIs as they stood at one moment, indexed by what requests name them by. */
export class ApiSet {
  readonly #byAudience: ReadonlyMap<string, Api>
  readonly #byScope: ReadonlyMap<string, readonly Api[]>

  constructor(apis: readonly Api[]) {
    this.#byAudience = new Map(apis.map((api) => [api.audience, api]))
    const byScope = new Map<string, Api[]>()
    for (const api of apis) {
      for (const { name } of api.scopes) byScope.set(name, [...(byScope.get(name) ?? []), api])
    }
    this.#byScope = byScope
  }

  get(audience: string): Api | undefined {
    return this.#byAudience.get(audience)
  }

  /** The APIs that have a scope of this name. */
  withScope(name: string): readonly Api[] {
    return this.#byScope.get(name) ?? []
  }
}
