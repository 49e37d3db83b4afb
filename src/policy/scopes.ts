import type { Api, Scope } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import { dynamicScopesOf, isDynamic, isValueOf } from '../directory/dynamic-scopes.ts'

/** What one client may be granted at one API. */
interface Access {
  /** The scopes that asking for `name` gets: itself, or what a group includes; empty where the client may not have it. */
  granted(name: string): readonly string[]
  /** What is granted where no scope is asked (RFC 6749 §3.3): the client's defaults, else all it may have unasked. */
  readonly unasked: readonly string[]
  /** Whether there is anything at all to be granted. */
  readonly isPossible: boolean
  /** Whether the client was itself given something here, beyond what is common to all clients. */
  readonly isGiven: boolean
}

/** What the one client in question may be granted at an API. */
export type AccessTo = (api: Api) => Access

/** What `client` may be granted, worked out once for each API that is asked about. */
export function accessOf(client: Client): AccessTo {
  const known = new Map<Api, Access>()
  return (api) => {
    const access = known.get(api) ?? workOut(client, api)
    known.set(api, access)
    return access
  }
}

function workOut(client: Client, api: Api): Access {
  const scopes = new Map(api.scopes.map((scope) => [scope.name, scope]))
  const dynamic = dynamicScopesOf(api)
  const members = (group: Scope): readonly string[] => group.includes ?? []
  const groups = client.scopes.flatMap((name) => scopes.get(name) ?? []).filter((scope) => scope.includes)
  const given = new Set([...client.scopes, ...groups.flatMap(members)])
  const isOpen = (scope: Scope) => scope.common === true && !client.restrictScopes

  function scopeOf(name: string): Scope | undefined {
    return scopes.get(name) ?? dynamic.of(name)[0]?.scope
  }

  function workOutGranted(name: string): readonly string[] {
    // The pattern itself would mean every value of it, to an API that takes it so.
    const scope = isDynamic(name) ? undefined : scopeOf(name)
    if (scope === undefined) return []
    // A group is granted to who was given it, or all that it stands for.
    if (scope.includes !== undefined) {
      if (given.has(name) || isOpen(scope)) return members(scope)
      const each = members(scope).flatMap(workOutGranted)
      return each.length === members(scope).length ? each : []
    }
    return given.has(name) || given.has(scope.name) || isOpen(scope) ? [name] : []
  }

  const known = new Map(api.scopes.map(({ name }) => [name, workOutGranted(name)]))
  function granted(name: string): readonly string[] {
    const scopes = known.get(name) ?? workOutGranted(name)
    known.set(name, scopes)
    return scopes
  }

  const possible = api.scopes.filter((scope) =>
    isDynamic(scope.name)
      ? given.has(scope.name) || isOpen(scope) || client.scopes.some((name) => isValueOf(name, scope.name))
      : granted(scope.name).length > 0,
  )
  const defaults = client.defaultScopes.flatMap(granted)
  // The members of a group stand for themselves, and a dynamic scope has no value that could be meant.
  const implied = possible.filter(({ name, onRequest, includes }) => !isDynamic(name) && !onRequest && !includes)
  const unasked = defaults.length > 0 ? defaults : implied.map(({ name }) => name)
  return {
    granted,
    unasked: [...new Set(unasked)],
    isPossible: possible.length > 0,
    isGiven: api.scopes.some(
      (scope) => given.has(scope.name) || client.scopes.some((name) => isValueOf(name, scope.name)),
    ),
  }
}
