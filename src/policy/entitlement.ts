/** Decides which scopes a client is granted, and at which APIs. May import `oauth`, `platform`, `directory`. */

import type { Api, ApiSet } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import { refusalOf } from '../directory/refusal.ts'
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
 * @throws OAuthError `invalid_scope` or `invalid_target`; `record_unreadable` if the decision depends on an unreadable API
 */
export function decide(client: Client, wanted: Wanted, apis: ApiSet): Entitlement {
  const last = lastDecision.get(client)
  if (last?.apis === apis && isSameWish(last.wanted, wanted)) return last.entitlement
  try {
    const entitlement = workOut(client, wanted, apis)
    lastDecision.set(client, { apis, wanted, entitlement })
    return entitlement
  } catch (error) {
    throw unreadableBehind(client, wanted, apis) ?? error
  }
}

/** The refusal to give instead, if the request may be for an API that can't be read. */
function unreadableBehind(client: Client, { scope = client.scopes, targets }: Wanted, apis: ApiSet) {
  const isOwnerless = (name: string) => client.scopes.includes(name) && apis.withScope(name).length === 0
  const record = apis.unreadable.find(({ id }) => (targets.length > 0 ? targets.includes(id) : scope.some(isOwnerless)))
  return record && refusalOf(record)
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
    wanted.scope === undefined ? unaskedScopes(accessTo, targets) : askedScopes(accessTo, wanted.scope, targets)
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
function askedScopes(accessTo: AccessTo, asked: readonly string[], targets: readonly Api[]): readonly string[] {
  const granted = new Set<string>()
  const refused: string[] = []
  for (const scope of asked) {
    const here = targets.flatMap((api) => accessTo(api).granted(scope))
    for (const name of here) granted.add(name)
    if (here.length === 0) refused.push(scope)
  }
  if (refused.length > 0) throw new OAuthError('scope_not_allowed', { detail: { refused: refused.slice(0, 20) } })
  return [...granted]
}

const unaskedScopes = (accessTo: AccessTo, targets: readonly Api[]): readonly string[] => [
  ...new Set(targets.flatMap((api) => accessTo(api).unasked)),
]
