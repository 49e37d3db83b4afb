import type { Api } from '../model/api.ts'
import type { ApiSet } from '../model/api-set.ts'
import type { Client } from '../model/client.ts'
import { refusalOf } from '../model/directory/refusal.ts'
import { OAuthError } from '../oauth/error.ts'
import { isSameUri } from '../oauth/uri.ts'
import { detached } from '../platform/bytes.ts'
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
/** The most characters of a request whose decision is remembered, for each client. Few requests have a hundred. */
const LONGEST_REMEMBERED = 1_024

/**
 * Decides what `client` is granted of what it wants. An API or scope that it was not given is never in the answer.
 * @throws OAuthError `invalid_scope` or `invalid_target`; `record_unreadable` if the decision depends on an unreadable API
 */
export function decide(client: Client, wanted: Wanted, apis: ApiSet): Entitlement {
  const last = lastDecision.get(client)
  if (last?.apis === apis && isSameWish(last.wanted, wanted)) return last.entitlement
  try {
    const entitlement = workOut(client, wanted, apis)
    remember(client, wanted, apis, entitlement)
    return entitlement
  } catch (error) {
    throw unreadableBehind(client, wanted, apis) ?? error
  }
}

/** The refusal to give instead, if the request may be for an API that can't be read. */
function unreadableBehind({ scopes, grants }: Client, { scope, targets }: Wanted, apis: ApiSet) {
  const isOwnerless = (name: string) => scopes.includes(name) && apis.withScope(name).length === 0
  const mayBeMeant = (audience: string): boolean => {
    if (targets.length > 0) return targets.some((target) => isSameUri(target, audience))
    if ((scope ?? scopes).some(isOwnerless)) return true
    const granted = grants.filter(({ api }) => isSameUri(api, audience)).flatMap((grant) => grant.scopes)
    return scope === undefined ? granted.length > 0 : granted.some((name) => scope.includes(name))
  }
  const record = apis.unreadable.find(({ id }) => mayBeMeant(id))
  return record && refusalOf(record)
}

/** Remembers a decision, with copies of its texts, so that the form is not kept in memory. */
function remember(client: Client, wanted: Wanted, apis: ApiSet, entitlement: Entitlement): void {
  const texts = [...(wanted.scope ?? []), ...wanted.targets]
  if (texts.reduce((length, text) => length + text.length, 0) > LONGEST_REMEMBERED) return
  const own = { scope: wanted.scope?.map(detached), targets: wanted.targets.map(detached) }
  lastDecision.set(client, {
    apis,
    wanted: own,
    entitlement: { ...entitlement, scopes: entitlement.scopes.map(detached) },
  })
}

const isSameWish = (one: Wanted, other: Wanted): boolean =>
  areSame(one.targets, other.targets) &&
  (one.scope === undefined || other.scope === undefined ? one.scope === other.scope : areSame(one.scope, other.scope))

const areSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((text, index) => text === others[index])

function workOut(client: Client, wanted: Wanted, apis: ApiSet): Entitlement {
  const accessTo = accessOf(client, apis)
  const targets = targetApis(client, accessTo, wanted, apis)
  const scopes =
    wanted.scope === undefined ? unaskedScopes(accessTo, targets) : askedScopes(accessTo, wanted.scope, targets, apis)
  if (scopes.length === 0) throw new OAuthError('no_scope')
  requireGrantedEverywhere(accessTo, scopes, targets, (api, scope) =>
    wanted.scope === undefined ? accessTo(api).mayHaveUnasked(scope) : accessTo(api).granted(scope).length > 0,
  )
  return { client, apis: targets, scopes }
}

function targetApis(client: Client, accessTo: AccessTo, { scope, targets }: Wanted, apis: ApiSet): readonly Api[] {
  if (targets.length > 0) return namedApis(accessTo, targets, apis)
  const byDefault = defaultApi(client, accessTo, scope, apis)
  if (byDefault !== undefined) return [byDefault]
  if (scope !== undefined) return apisOfScopes(accessTo, scope, apis)
  if (client.defaultScopes.length > 0) return apisOfScopes(accessTo, client.defaultScopes, apis)
  return onlyApi(accessTo, apis)
}

/** The client's default API, if it grants the request. @throws OAuthError `record_unreadable` */
function defaultApi(
  client: Client,
  accessTo: AccessTo,
  scope: readonly string[] | undefined,
  apis: ApiSet,
): Api | undefined {
  if (client.defaultApi === undefined) return undefined
  const api = apis.get(client.defaultApi)
  // Without this check the request would seem to be for another API.
  const unreadable = api === undefined ? apis.unreadableOf(client.defaultApi) : undefined
  if (unreadable !== undefined) throw refusalOf(unreadable)
  if (api === undefined) return undefined
  const access = accessTo(api)
  const hasAll =
    scope === undefined ? access.unasked.length > 0 : scope.every((name) => access.granted(name).length > 0)
  return hasAll ? api : undefined
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

/**
 * Refuses a token that would carry a scope to an API that does not grant it. Every API in `aud` reads all of `scope`, so the
 * rights are the product of scopes and APIs (RFC 8707 §2).
 * @param isGranted whether the client gets this scope at this API by the request in question
 * @throws OAuthError `scope_of_other_target`, with what to send
 */
function requireGrantedEverywhere(
  accessTo: AccessTo,
  scopes: readonly string[],
  targets: readonly Api[],
  isGranted: (api: Api, scope: string) => boolean,
): void {
  for (const scope of scopes) {
    const refusing = targets.find((api) => accessTo(api).knows(scope) && !isGranted(api, scope))
    if (refusing === undefined) continue
    const granting = targets.filter((api) => accessTo(api).knows(scope) && isGranted(api, scope))
    throw new OAuthError('scope_of_other_target', {
      description: `${scope} is granted at ${audiences(granting)} and not at ${refusing.audience}: send a request for each API, with resource`,
      detail: {
        scope,
        not_granted_at: refusing.audience,
        granted_at: granting.slice(0, 20).map((api) => api.audience),
      },
    })
  }
}

/** A few audiences show a client its mistake. Each may have a thousand characters. */
const MOST_NAMED = 3

const audiences = (apis: readonly Api[]): string =>
  apis
    .slice(0, MOST_NAMED)
    .map((api) => api.audience)
    .join(' ')
