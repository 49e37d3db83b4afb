import type { Api, Scope } from '../model/api.ts'
import type { ApiSet } from '../model/api-set.ts'
import type { Client } from '../model/client.ts'
import { type ApiPatterns, covers, hasStar, isDynamic, isWildcard } from '../model/scope-patterns.ts'
import { isSameUri } from '../oauth/uri.ts'

/** The settings of a client that decide about its access, and nothing else of it does. */
export type AccessSettings = Pick<Client, 'scopes' | 'grants' | 'restrictScopes' | 'defaultScopes' | 'defaultApi'>

/** The access of one client to one API. */
interface Access {
  /**
   * The scopes that a request for `name` gets: itself, or the members of a group; none if the client may not have it.
   */
  granted(name: string): readonly string[]
  /**
   * The scopes of a request that names none (RFC 6749 §3.3): the client's defaults, or else all that it need not
   * request by name.
   */
  readonly unasked: readonly string[]
  /** Whether the API has a scope of this name, and so would act on the name in a token. */
  knows(name: string): boolean
  /** Whether the client may have this scope without requesting it by name. */
  mayHaveUnasked(name: string): boolean
  /** Whether the client may be granted any scope here. */
  readonly isPossible: boolean
  /** Whether the client was given a scope here, beyond those common to all clients. */
  readonly isGiven: boolean
}

/** Returns the access of one client to an API. */
export type AccessTo = (api: Api) => Access

/** Works out the access of a client, once for each API. */
export function accessOf(client: AccessSettings, apis: Pick<ApiSet, 'patternsOf'>): AccessTo {
  const known = new Map<Api, Access>()
  return (api) => {
    const access = known.get(api) ?? workOut(client, api, apis.patternsOf(api))
    known.set(api, access)
    return access
  }
}

function workOut(client: AccessSettings, api: Api, patterns: ApiPatterns): Access {
  const scopes = new Map(api.scopes.map((scope) => [scope.name, scope]))
  const members = (group: Scope): readonly string[] => group.includes ?? []
  const isOpen = (scope: Scope) => scope.common === true && !client.restrictScopes && !api.byGrantOnly
  const grant = client.grants.find((one) => isSameUri(one.api, api.audience))
  const everywhere = api.byGrantOnly ? [] : client.scopes
  const names = grant === undefined ? everywhere : [...everywhere, ...grant.scopes]
  const starred = names.filter(hasStar)
  const givenGroups = names.flatMap((name) => scopes.get(name) ?? [])
  const openGroups = api.scopes.filter(isOpen)
  const given = new Set([...names, ...givenGroups.flatMap(members)])
  // A client may always request less than a group.
  const reachable = new Set([...given, ...openGroups.flatMap(members)])

  /** The scopes found for names. A request may look up each of hundreds of names several times. */
  const covering = new Map<string, Scope>()

  /** The scope with exactly this name; otherwise the most specific scope that covers the name. */
  function scopeOf(name: string): Scope | undefined {
    const found = scopes.get(name) ?? covering.get(name) ?? patterns.of(name)[0]?.scope
    if (found !== undefined) covering.set(name, found)
    return found
  }

  function isReachable(name: string, scope: Scope): boolean {
    if (reachable.has(name) || reachable.has(scope.name) || isOpen(scope)) return true
    // A client with part of a wildcard scope may request less than that part.
    return isWildcard(scope) && starred.some((one) => covers(scope.name, one) && covers(one, name))
  }

  function workOutGranted(name: string): readonly string[] {
    const scope = scopeOf(name)
    // An API might read the name of a dynamic scope as every value of it.
    if (scope === undefined || (name === scope.name && isDynamic(scope))) return []
    // A client gets a group if it may have each of its members. With a group it was given all of them.
    if (scope.includes !== undefined) {
      const each = members(scope).flatMap(workOutGranted)
      return each.length === members(scope).length ? each : []
    }
    return isReachable(name, scope) ? [name] : []
  }

  const known = new Map(api.scopes.map(({ name }) => [name, workOutGranted(name)]))
  function granted(name: string): readonly string[] {
    const scopes = known.get(name) ?? workOutGranted(name)
    known.set(name, scopes)
    return scopes
  }

  const withGivenValue = new Set(names.flatMap((name) => patterns.of(name).map(({ scope }) => scope)))
  const possible = api.scopes.filter(
    (scope) =>
      granted(scope.name).length > 0 ||
      withGivenValue.has(scope) ||
      (isDynamic(scope) && (given.has(scope.name) || isOpen(scope))),
  )
  const ownDefaults = grant?.defaultScopes ?? []
  const defaults = (ownDefaults.length > 0 ? ownDefaults : client.defaultScopes).flatMap(granted)
  // Groups are left out, since their members are listed. A dynamic scope has no default value.
  const implied = possible.filter(
    (scope) => !isDynamic(scope) && !scope.onRequest && !scope.includes && (given.has(scope.name) || isOpen(scope)),
  )
  const unasked = new Set(defaults.length > 0 ? defaults : implied.map(({ name }) => name))
  return {
    granted,
    unasked: [...unasked],
    // An API that reads one scope name as a pattern may read any other name with a star as one.
    knows: (name) => scopeOf(name) !== undefined || (hasStar(name) && !patterns.isEmpty),
    mayHaveUnasked: (name) => unasked.has(name) || (granted(name).length > 0 && scopeOf(name)?.onRequest !== true),
    isPossible: possible.length > 0,
    isGiven: api.scopes.some((scope) => given.has(scope.name) || withGivenValue.has(scope)),
  }
}
