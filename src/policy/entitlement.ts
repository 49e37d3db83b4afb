/** What a client may be granted: at which APIs, and with which scopes. May import `oauth`, `directory`. */

import type { Api, ApiSet } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import { OAuthError } from '../oauth/error.ts'
import { apisOfScopes, namedApis, onlyApi } from './resources.ts'
import { type AccessTo, accessOf } from './scopes.ts'

/** What the client asks for, as parsed. */
export interface Wanted {
  /** Undefined where the request has no `scope`. */
  readonly scope: readonly string[] | undefined
  /** The values of `resource` and `audience`. */
  readonly targets: readonly string[]
}

/** What the client gets. */
export interface Entitlement {
  readonly client: Client
  /** At least one. */
  readonly apis: readonly Api[]
  /** At least one. */
  readonly scopes: readonly string[]
}

interface Decision {
  readonly apis: ApiSet
  readonly wanted: Wanted
  readonly entitlement: Entitlement
}

/** Most clients ask for the same thing again and again: what was decided last holds until they or an API change. */
const lastDecision = new WeakMap<Client, Decision>()

/**
 * Decides what `client` is granted of what it wants. An API or scope that it was not given is never in the answer.
 * @throws OAuthError `invalid_scope` or `invalid_target`
 */
export function decide(client: Client, wanted: Wanted, apis: ApiSet): Entitlement {
  const last = lastDecision.get(client)
  if (last?.apis === apis && isSameWish(last.wanted, wanted)) return last.entitlement
  const entitlement = workOut(client, wanted, apis)
  lastDecision.set(client, { apis, wanted, entitlement })
  return entitlement
}

const isSameWish = (one: Wanted, other: Wanted): boolean =>
  areSame(one.targets, other.targets) &&
  (one.scope === undefined || other.scope === undefined ? one.scope === other.scope : areSame(one.scope, other.scope))

const areSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((text, index) => text === others[index])

function workOut(client: Client, wanted: Wanted, apis: ApiSet): Entitlement {
  const accessTo = accessOf(client)
  const targets = targetApis(client, accessTo, wanted, apis)
  const scopes =
    wanted.scope === undefined ? unaskedScopes(accessTo, targets) : askedScopes(accessTo, wanted.scope, targets, apis)
  if (scopes.length === 0) throw new OAuthError('no_scope')
  return { client, apis: targets, scopes }
}

function targetApis(client: Client, accessTo: AccessTo, { scope, targets }: Wanted, apis: ApiSet): readonly Api[] {
  if (targets.length > 0) return namedApis(accessTo, targets, apis)
  if (scope !== undefined) return apisOfScopes(accessTo, scope, apis)
  if (client.defaultScopes.length > 0) return apisOfScopes(accessTo, client.defaultScopes, apis)
  return onlyApi(accessTo, apis)
}

/** Each scope asked must be allowed at one of the APIs at the least; a group becomes what it stands for. */
function askedScopes(
  accessTo: AccessTo,
  asked: readonly string[],
  targets: readonly Api[],
  apis: ApiSet,
): readonly string[] {
  const granted = new Set<string>()
  const refused: string[] = []
  for (const scope of asked) {
    const owners = new Set(apis.withScope(scope))
    const here = targets.flatMap((api) => (owners.has(api) ? accessTo(api).granted(scope) : []))
    for (const name of here) granted.add(name)
    if (here.length === 0) refused.push(scope)
  }
  if (refused.length > 0) throw new OAuthError('scope_not_allowed', { detail: { refused: refused.slice(0, 20) } })
  return [...granted]
}

const unaskedScopes = (accessTo: AccessTo, targets: readonly Api[]): readonly string[] => [
  ...new Set(targets.flatMap((api) => accessTo(api).unasked)),
]
