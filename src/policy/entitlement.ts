/** What a client may be granted: at which APIs, with which scopes, for how long. May import `oauth`, `directory`. */

import type { Api, ApiSet } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import { OAuthError } from '../oauth/error.ts'
import type { Audience } from '../oauth/ids.ts'
import { allowedScopes, ambiguous, apisOfScopes, namedApis } from './resources.ts'

/** What the client asks for, as parsed. */
export interface Wanted {
  /** Undefined where the request has no `scope`. */
  readonly scope: readonly string[] | undefined
  /** The values of `resource` and `audience`. */
  readonly targets: readonly string[]
}

/** What the client gets: everything in a token that is decided rather than drawn or counted. */
export interface Entitlement {
  readonly client: Client
  readonly subject: string
  readonly audience: Audience | readonly Audience[]
  /** Space-separated (RFC 6749 §3.3), never empty. */
  readonly scope: string
  /** Seconds. */
  readonly lifetime: number
}

/**
 * Decides what `client` is granted of what it wants. An audience or scope that it was not given is never in the answer.
 * @param defaultLifetime seconds, where neither the client nor an API sets one
 * @throws OAuthError `invalid_scope` or `invalid_target`
 */
export function decide(client: Client, wanted: Wanted, apis: ApiSet, defaultLifetime: number): Entitlement {
  const targets = targetApis(client, wanted, apis)
  const scopes = wanted.scope ?? defaultScopes(client, targets)
  const allowed = new Set(targets.flatMap((api) => allowedScopes(client, api)))
  const refused = scopes.filter((scope) => !allowed.has(scope))
  if (refused.length > 0) throw new OAuthError('scope_not_allowed', { detail: { refused: refused.slice(0, 20) } })

  const [first, ...others] = targets.map((api) => api.audience)
  if (first === undefined) throw new OAuthError('no_scope')
  return {
    client,
    subject: client.subject ?? client.id,
    audience: others.length === 0 ? first : [first, ...others],
    scope: scopes.join(' '),
    lifetime: client.token.lifetime ?? shortestLifetime(targets, defaultLifetime),
  }
}

function targetApis(client: Client, { scope, targets }: Wanted, apis: ApiSet): readonly Api[] {
  if (targets.length > 0) return namedApis(client, targets, apis)
  if (scope !== undefined) {
    const refused = scope.filter((name) => !client.scopes.includes(name))
    if (refused.length > 0) throw new OAuthError('scope_not_allowed', { detail: { refused: refused.slice(0, 20) } })
    return apisOfScopes(scope, apis)
  }
  if (client.defaultScopes.length > 0) return apisOfScopes(client.defaultScopes, apis)
  const reachable = [...new Set(client.scopes.flatMap((name) => apis.withScope(name)))]
  if (reachable.length === 0) throw new OAuthError('no_scope')
  if (reachable.length > 1) throw ambiguous(reachable)
  return reachable
}

/** RFC 6749 §3.3: what is granted where no scope is asked; at each API the client's defaults, else all it may have. */
function defaultScopes(client: Client, targets: readonly Api[]): readonly string[] {
  const scopes = targets.flatMap((api) => {
    const allowed = allowedScopes(client, api)
    const defaults = allowed.filter((name) => client.defaultScopes.includes(name))
    return defaults.length > 0 ? defaults : allowed
  })
  return [...new Set(scopes)]
}

/** A token for several APIs lives no longer than each of them allows. */
const shortestLifetime = (targets: readonly Api[], fallback: number): number =>
  Math.min(...targets.map((api) => api.token.lifetime ?? fallback))
