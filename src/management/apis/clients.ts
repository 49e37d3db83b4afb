import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Api } from '../../model/api.ts'
import { ApiSet } from '../../model/api-set.ts'
import type { Client } from '../../model/client.ts'
import type { ClientReferences } from '../../model/store.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { isSameUri } from '../../oauth/uri.ts'
import { Conflict } from '../../platform/user-error.ts'
import { heldAt } from '../../policy/held.ts'
import { type Giver, giverOf } from '../../policy/sources.ts'
import { requireOverApi } from '../authority/api-rights.ts'
import { mayOver } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'
import { checkPage } from '../visible.ts'
import { findApi, refersTo } from './find-clients.ts'
import { type LastUses, lastUsesAt } from './last-uses.ts'

/** The clients that are read for one page, and the references that are read at a time. */
const MOST_READ = 10_000
const REFERENCES = 2_000
/** The clients that are loaded at a time. */
const LOADED = 200

interface HeldScope {
  readonly name: string
  readonly giver: Giver
  /** The time of its last token with the scope, among the last tokens of the API. Milliseconds. */
  readonly lastUsedAt: number | undefined
}

/** A client that may get tokens for an API. */
export interface ApiClient {
  readonly id: ClientId
  readonly name: string | undefined
  readonly enabled: boolean
  readonly scopes: readonly HeldScope[]
  readonly defaultScopes: readonly string[]
  /** The time of its last token for the API, among the last ones. Milliseconds. */
  readonly lastUsedAt: number | undefined
}

interface ApiClientsQuery {
  readonly audience: string
  /** Whether clients count that have nothing but the common scopes of the API. */
  readonly withCommon: boolean
  /** The client after which the page begins; empty for the first one. */
  readonly after: string
  readonly most: number
}

/**
 * A page of the clients that hold scopes of an API, by id, as far as the author may see them. Each page reads a bounded number of
 * clients, in the order of their index. So a page may have fewer than `most` clients, or none, and yet a next one.
 * @throws NotFound if there is no such API; Conflict if its record can't be read
 */
export async function apiClients(
  context: ManagementContext,
  { audience, withCommon, after, most }: ApiClientsQuery,
): Promise<{ readonly clients: readonly ApiClient[]; readonly next: string | undefined }> {
  checkPage(most, {})
  const { authority, store } = context
  const { found, unreadable } = await store.directory.loadApis()
  const { api } = findApi(found, unreadable, audience)
  requireOverApi(authority, 'apis:read', api)
  if ('problem' in api) throw new Conflict(`the record of the API can't be read: ${api.problem}`)
  const isOpen = withCommon && !api.byGrantOnly && api.scopes.some(({ common }) => common === true)
  const refers = refersTo(api)
  const isCandidate = (one: ClientReferences) => isOpen || refers(one)
  const uses = await lastUsesAt(context, api)
  const apis = new ApiSet(found, unreadable)
  const clients: ApiClient[] = []
  let place = after
  for (let read = 0; read < MOST_READ; read += REFERENCES) {
    const page = await store.model.listReferences(place, REFERENCES)
    const ids = page.references.filter(isCandidate).map(({ id }) => id)
    for (let from = 0; from < ids.length; from += LOADED) {
      const some = ids.slice(from, from + LOADED)
      const loaded = (await store.model.snapshot(some)).clients
      for (const id of some) {
        const client = loaded.get(id)
        if (client === undefined || !mayOver(authority, 'clients:read', client.owner)) continue
        const held = heldBy(client, api, apis, uses)
        if (!held.scopes.some(({ giver }) => withCommon || giver !== 'common')) continue
        if (clients.length === most) return { clients, next: clients.at(-1)?.id }
        clients.push(held)
      }
      await nextTurn()
    }
    if (page.next === undefined) return { clients, next: undefined }
    place = page.next
    await nextTurn()
  }
  return { clients, next: place }
}

function heldBy(client: Client, api: Api, apis: ApiSet, uses: LastUses): ApiClient {
  const held = heldAt(client, api, apis)
  const used = uses.get(client.id)
  const own = client.grants.find((grant) => isSameUri(grant.api, api.audience))?.defaultScopes ?? []
  const defaults = own.length > 0 ? own : client.defaultScopes
  return {
    id: client.id,
    name: client.name,
    enabled: client.enabled,
    scopes: [...held].map((name) => ({ name, giver: giverOf(name, client, api), lastUsedAt: used?.scopes.get(name) })),
    defaultScopes: defaults.filter((name) => held.has(name)),
    lastUsedAt: used?.at,
  }
}
