import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../../model/api.ts'
import { ApiSet } from '../../model/api-set.ts'
import type { Client } from '../../model/client.ts'
import type { ModelSnapshot } from '../../model/store.ts'
import { Audience, ClientId } from '../../oauth/ids.ts'
import { isSameUri } from '../../oauth/uri.ts'
import { type Authority, mayOver } from '../authority/authority.ts'
import type { ParsedManifest } from './reading/parse.ts'

/** A scope that gets another name. */
interface ScopeRename {
  readonly from: string
  readonly to: string
}

/** An API whose audience, or scopes of which, get another name. */
export interface ApiRename {
  readonly before: Api
  readonly audience: Audience
  readonly scopes: readonly ScopeRename[]
}

/** The names that a manifest changes. A rename that was made before has no effect, and is not among these. */
export interface Renames {
  /** The former id of each renamed client. */
  readonly clients: ReadonlyMap<string, Client>
  readonly apis: readonly ApiRename[]
}

/** Finds the renames of a manifest: the former name is there, the author may see it, and the new one is not there yet. */
export function findRenames({ manifest }: ParsedManifest, model: ModelSnapshot, authority: Authority): Renames {
  const clients = new Map<string, Client>()
  for (const { client_id: id, renamed_from: from } of manifest.clients) {
    const before = from === undefined ? undefined : model.clients.get(ClientId(from))
    const isFree = !model.clients.has(ClientId(id)) && !model.unreadableClients.has(ClientId(id))
    if (before !== undefined && isFree && mayOver(authority, 'clients:read', before.owner)) clients.set(id, before)
  }
  const apis = manifest.apis.flatMap(({ audience, renamed_from: from, scopes }) => {
    const present = model.apis.get(Audience(audience))
    const former = from === undefined ? undefined : model.apis.get(Audience(from))
    const before = present ?? former
    if (before === undefined || !mayOver(authority, 'apis:read', before.owner)) return []
    const has = (name: string) => before.scopes.some((scope) => scope.name === name)
    const renamed = scopes.flatMap(({ name, renamed_from: old }) =>
      old !== undefined && has(old) && !has(name) ? [{ from: old, to: name }] : [],
    )
    return present !== undefined && renamed.length === 0
      ? []
      : [{ before, audience: Audience(audience), scopes: renamed }]
  })
  return { clients, apis }
}

/**
 * Makes clients use the new names of APIs. A scope that another API has, too, keeps its name there.
 * @param apis all APIs before @returns a function that returns the same object if nothing changes
 */
export function newNames(renames: readonly ApiRename[], apis: readonly Api[]): (client: Client) => Client {
  const each = renames.map((rename) => newNamesOf(rename, apis))
  return (client) => each.reduce((latest, withNewNames) => withNewNames(latest), client)
}

function newNamesOf({ before, audience, scopes: renamed }: ApiRename, others: readonly Api[]) {
  const elsewhere = new ApiSet(others.filter((api) => api.audience !== before.audience && !api.byGrantOnly))
  const uri = (one: Audience): Audience => (isSameUri(one, before.audience) ? audience : one)
  const newName = (scope: string): string => renamed.find(({ from }) => from === scope)?.to ?? scope
  const everywhere = (scope: string): readonly string[] =>
    newName(scope) === scope || elsewhere.withScope(scope).length === 0 ? [newName(scope)] : [scope, newName(scope)]
  return (client: Client): Client => {
    const after: Client = {
      ...client,
      scopes: [...new Set(client.scopes.flatMap(everywhere))],
      defaultScopes: [...new Set(client.defaultScopes.flatMap(everywhere))],
      grants: client.grants.map((grant) =>
        isSameUri(grant.api, before.audience)
          ? { api: audience, scopes: grant.scopes.map(newName), defaultScopes: grant.defaultScopes.map(newName) }
          : grant,
      ),
      defaultApi: client.defaultApi && uri(client.defaultApi),
      introspects: client.introspects === 'all' ? 'all' : client.introspects.map(uri),
    }
    return isDeepStrictEqual(after, client) ? client : after
  }
}

/** An API as it was, under its new names. */
export const underNewNames = ({ before, audience, scopes }: ApiRename): Api => {
  const newName = (name: string) => scopes.find(({ from }) => from === name)?.to ?? name
  return {
    ...before,
    audience,
    scopes: before.scopes.map((scope) => ({
      ...scope,
      name: newName(scope.name),
      ...(scope.includes !== undefined && { includes: scope.includes.map(newName) }),
    })),
  }
}
