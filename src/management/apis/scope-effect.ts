import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Api } from '../../model/api.ts'
import { ApiSet } from '../../model/api-set.ts'
import type { Client } from '../../model/client.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { Conflict, NotFound } from '../../platform/user-error.ts'
import { heldAt } from '../../policy/held.ts'
import { commonScopeFor, sourcesOf } from '../../policy/sources.ts'
import { requireOverApi } from '../authority/api-rights.ts'
import { mayOver } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'
import { MOST_NAMED } from './effect.ts'
import { clientsReferringTo, findApi, MOST_CLIENTS } from './find-clients.ts'
import { lastUsesAt } from './last-uses.ts'

/** The clients that are loaded at a time. */
const LOADED_AT_ONCE = 500

/** A client that would lose a scope. */
interface LosingClient {
  readonly id: ClientId
  /** The settings that give it the scope. */
  readonly sources: readonly string[]
  /** The time of its last token with the scope, among the last tokens of the API. Milliseconds. */
  readonly lastUsedAt: number | undefined
}

/** The things that end with a scope of an API. */
interface ScopeEffect {
  /** Whether all clients may have it, besides those that are counted. */
  readonly isCommon: boolean
  /** The groups of scopes that contain it. */
  readonly groups: readonly string[]
  /** The clients that may be granted it; with `isMore`, there are more than `count`. */
  readonly clients: { readonly count: number; readonly isMore: boolean }
  /** The first of them that the author may see, by id. */
  readonly some: readonly LosingClient[]
  /** The time of the last token with the scope, among the last ones. Milliseconds. */
  readonly lastUsedAt: number | undefined
}

/** Finds out the effect of taking a scope from an API. It changes nothing. @throws NotFound if there is no such API or scope */
export async function scopeEffect(
  context: ManagementContext,
  { audience, name }: { readonly audience: string; readonly name: string },
): Promise<ScopeEffect> {
  const { authority, store } = context
  const { found, unreadable } = await store.directory.loadApis()
  const { api } = findApi(found, unreadable, audience)
  requireOverApi(authority, 'apis:read', api)
  if ('problem' in api) throw new Conflict(`the record of the API can't be read: ${api.problem}`)
  if (!api.scopes.some((one) => one.name === name)) throw new NotFound(`the API has no scope ${JSON.stringify(name)}`)
  const uses = new Map<string, number>(
    [...(await lastUsesAt(context, api))].flatMap(([id, ofClient]) => {
      const at = ofClient.scopes.get(name)
      return at === undefined ? [] : [[id, at] as const]
    }),
  )
  const some: LosingClient[] = []
  let count = 0
  const referring = await clientsReferringTo(store.model, [api])
  for await (const client of holders(context, referring, api, new ApiSet(found, unreadable), name)) {
    count += 1
    if (some.length < MOST_NAMED && mayOver(authority, 'clients:read', client.owner))
      some.push({ id: client.id, sources: sourcesOf(name, client, api), lastUsedAt: uses.get(client.id) })
  }
  return {
    isCommon: commonScopeFor(name, api) !== undefined,
    groups: api.scopes.filter(({ includes = [] }) => includes.includes(name)).map((group) => group.name),
    clients: { count, isMore: referring.length > MOST_CLIENTS },
    some,
    lastUsedAt: uses.size === 0 ? undefined : Math.max(...uses.values()),
  }
}

/** The clients that may be granted a scope, by id. Requests are handled between pages. */
async function* holders(
  { store }: ManagementContext,
  referring: readonly ClientId[],
  api: Api,
  apis: ApiSet,
  name: string,
): AsyncGenerator<Client> {
  for (let from = 0; from < referring.length; from += LOADED_AT_ONCE) {
    const { clients } = await store.model.snapshot(referring.slice(from, from + LOADED_AT_ONCE))
    for (const client of clients.values()) if (heldAt(client, api, apis).has(name)) yield client
    await nextTurn()
  }
}
