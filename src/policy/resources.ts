import type { Api } from '../model/api.ts'
import type { ApiSet } from '../model/api-set.ts'
import type { Refusal } from '../oauth/refusal.ts'
import { refusal } from './refusals.ts'
import type { AccessTo } from './scopes.ts'

/** The most APIs that one token may be for. The client's rights are computed at each of them. */
export const MOST_TARGETS = 10

/**
 * The APIs that the request names by `resource` or `audience` (RFC 8707 §2).
 * @throws Refusal `too_many_targets`; `unknown_target`: the same for an API that does not exist and one at which the client
 * has no scope
 */
export function namedApis(accessTo: AccessTo, targets: readonly string[], apis: ApiSet): readonly Api[] {
  if (targets.length > MOST_TARGETS) throw refusal('too_many_targets')
  const named = targets.map((target) => {
    const api = apis.get(target)
    if (api === undefined || !accessTo(api).isPossible) {
      throw refusal('unknown_target', { detail: { target: target.slice(0, 256) } })
    }
    return api
  })
  return [...new Set(named)]
}

/**
 * The APIs of a request without `resource`: the one API that grants all the scopes or, if none does, the API of each
 * scope.
 * @throws Refusal `scope_not_allowed`, `too_many_targets`, or `ambiguous_target`, whose description says what to send
 */
export function apisOfScopes(accessTo: AccessTo, scopes: readonly string[], apis: ApiSet): readonly Api[] {
  const owners = scopes.map((scope) => apis.withScope(scope).filter((api) => accessTo(api).granted(scope).length > 0))
  const refused = scopes.filter((_, index) => owners[index]?.length === 0)
  if (refused.length > 0) throw refusal('scope_not_allowed', { detail: { refused: refused.slice(0, 20) } })
  const [first = [], ...others] = owners
  const sets = others.map((apisOfScope) => new Set(apisOfScope))
  const shared = first.filter((api) => sets.every((apisOfScope) => apisOfScope.has(api)))
  if (shared.length === 1) return shared
  if (owners.some((apisOfScope) => apisOfScope.length > 1)) throw ambiguous(owners.flat())
  const all = [...new Set(owners.flat())]
  if (all.length > MOST_TARGETS) throw refusal('too_many_targets')
  return all
}

/**
 * The API of a request with neither `resource` nor scopes: the only API at which the client was given something. If it
 * was given nothing, the only API with scopes common to all clients.
 * @throws Refusal `ambiguous_target`, whose description says what to send
 */
export function onlyApi(accessTo: AccessTo, apis: ApiSet): readonly Api[] {
  const possible = apis.all.filter((api) => accessTo(api).isPossible)
  const given = possible.filter((api) => accessTo(api).isGiven)
  const candidates = given.length > 0 ? given : possible
  if (candidates.length > 1) throw ambiguous(candidates)
  return candidates
}

/** The refusal may name the APIs, since the client is authenticated and has a scope at each of them. */
function ambiguous(candidates: readonly Api[]): Refusal {
  const audiences = [...new Set(candidates.map((api) => api.audience))]
  return refusal('ambiguous_target', {
    description: `The request fits several APIs: send resource with one of ${audiences.join(' ')}`,
    detail: { candidates: audiences },
  })
}
