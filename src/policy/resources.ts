import type { Api, ApiSet } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import { OAuthError } from '../oauth/error.ts'

/** The scopes of `api` that `client` may be granted, in the order in which the API lists them. */
export function allowedScopes(client: Client, api: Api): readonly string[] {
  return api.scopes.map((scope) => scope.name).filter((name) => client.scopes.includes(name))
}

/**
 * The APIs that the request names by `resource` or `audience` (RFC 8707 §2).
 * @throws OAuthError `unknown_target`: the same for an API that does not exist and one at which the client has no scope
 */
export function namedApis(client: Client, targets: readonly string[], apis: ApiSet): readonly Api[] {
  return [...new Set(targets)].map((target) => {
    const api = apis.get(target)
    if (api === undefined || allowedScopes(client, api).length === 0) {
      throw new OAuthError('unknown_target', { detail: { target } })
    }
    return api
  })
}

/**
 * The APIs that a request without a `resource` is for: the one API that has all the scopes, or, where none has them
 * all, each scope's own.
 * @param scopes at least one, each of which the client may be granted somewhere
 * @throws OAuthError `ambiguous_target`, with what to send
 */
export function apisOfScopes(scopes: readonly string[], apis: ApiSet): readonly Api[] {
  const owners = scopes.map((scope) => apis.withScope(scope))
  const [first = [], ...others] = owners
  const shared = first.filter((api) => others.every((apisOfScope) => apisOfScope.includes(api)))
  if (shared.length === 1) return shared
  if (shared.length > 1 || owners.some((apisOfScope) => apisOfScope.length > 1)) throw ambiguous(owners.flat())
  return [...new Set(owners.flat())]
}

/** The refusal names the APIs at hand: the client is authenticated, and has a scope at each of them. */
export function ambiguous(candidates: readonly Api[]): OAuthError {
  const audiences = [...new Set(candidates.map((api) => api.audience))]
  return new OAuthError('ambiguous_target', {
    description: `The request fits several APIs: send resource with one of ${audiences.join(' ')}`,
    detail: { candidates: audiences },
  })
}
