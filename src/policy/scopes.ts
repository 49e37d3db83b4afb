import type { Api, Scope } from '../model/api.ts'
import type { ApiSet } from '../model/api-set.ts'
import type { Client } from '../model/client.ts'
import { type ApiPatterns, covers, hasStar, isDynamic, isWildcard } from '../model/scope-patterns.ts'
import { isSameUri } from '../oauth/uri.ts'

/** What one client may be granted at one API. */
interface Access {
  /** The scopes that asking for `name` gets: itself, or what a group includes; empty where the client may not have it. */
  granted(name: string): readonly string[]
  /** What is granted where no scope is asked (RFC 6749 §3.3): the client's defaults, else all it may have unasked. */
  readonly unasked: readonly string[]
  /** Whether the API has a scope of this name, so that the name in a token means something there. */
  knows(name: string): boolean
  /** Whether the client may have this scope without having asked for it by name. */
  mayHaveUnasked(name: string): boolean
  /** Whether there is anything at all to be granted. */
  readonly isPossible: boolean
  /** Whether the client was itself given something here, beyond what is common to all clients. */
  readonly isGiven: boolean
}

/** What the one client in question may be granted at an API. */
export type AccessTo = (api: Api) => Access

/** What `client` may be granted, worked out once for each API that is asked about. */
export function accessOf(client: Client, apis: ApiSet): AccessTo {
  const known = new Map<Api, Access>()
  return (api) => {
    const access = known.get(api) ?? workOut(client, api, apis.patternsOf(api))
    known.set(api, access)
    return access
  }
}

function workOut(client: Client, api: Api, patterns: ApiPatterns): Access {
  const scopes = new Map(api.scopes.map((scope) => [scope.name, scope]))
  const members = (group: Scope): readonly string[] => group.includes ?? []
  const isOpen = (scope: Scope) => scope.common === true && !client.restrictScopes
  const grant = client.grants.find((one) => isSameUri(one.api, api.audience))
  const names = grant === undefined ? client.scopes : [...client.scopes, ...grant.scopes]
  const starred = names.filter(hasStar)
  const givenGroups = names.flatMap((name) => scopes.get(name) ?? [])
  const openGroups = api.scopes.filter(isOpen)
  const given = new Set([...names, ...givenGroups.flatMap(members)])
  // Asking for less than a group is always allowed.
  const reachable = new Set([...given, ...openGroups.flatMap(members)])

  /** The scopes that were found for names; a request may ask several times about each of hundreds. */
  const covering = new Map<string, Scope>()

  /** The scope with exactly this name; otherwise the most specific scope that covers the name. */
  function scopeOf(name: string): Scope | undefined {
    const found = scopes.get(name) ?? covering.get(name) ?? patterns.of(name)[0]?.scope
    if (found !== undefined) covering.set(name, found)
    return found
  }

  function isReachable(name: string, scope: Scope): boolean {
    if (reachable.has(name) || reachable.has(scope.name) || isOpen(scope)) return true
    // A client with part of a wildcard scope may ask for less than that part.
    return isWildcard(scope) && starred.some((one) => covers(scope.name, one) && covers(one, name))
  }

  function workOutGranted(name: string): readonly string[] {
    const scope = scopeOf(name)
    // An API might read the name of a dynamic scope as every value of it.
    if (scope === undefined || (name === scope.name && isDynamic(scope))) return []
    // A group is granted to who was given it, or all that it stands for.
    if (scope.includes !== undefined) {
      if (given.has(name) || isOpen(scope)) return members(scope)
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
  // The members of a group stand for themselves, and a dynamic scope has no value that could be meant.
  const implied = possible.filter(
    (scope) => !isDynamic(scope) && !scope.onRequest && !scope.includes && (given.has(scope.name) || isOpen(scope)),
  )
  const unasked = new Set(defaults.length > 0 ? defaults : implied.map(({ name }) => name))
  return {
    granted,
    unasked: [...unasked],
    // If the API reads one name as a pattern, it may read any other so.
    knows: (name) => scopeOf(name) !== undefined || (hasStar(name) && !patterns.isEmpty),
    mayHaveUnasked: (name) => unasked.has(name) || (granted(name).length > 0 && scopeOf(name)?.onRequest !== true),
    isPossible: possible.length > 0,
    isGiven: api.scopes.some((scope) => given.has(scope.name) || withGivenValue.has(scope)),
  }
}
