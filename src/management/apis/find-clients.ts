import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Api } from '../../model/api.ts'
import { ApiSet } from '../../model/api-set.ts'
import type { ClientReferences, ModelStore } from '../../model/store.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { isSameUri } from '../../oauth/uri.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { noApi } from '../authority/absent.ts'

/** The most clients of an API that are counted, and changed when it is deleted. */
export const MOST_CLIENTS = 10_000
/** The clients whose references are read at a time. */
const AT_ONCE = 2_000

/** An API by its audience, and all other APIs. */
export interface FoundApi {
  readonly api: Api | Unreadable
  readonly others: ApiSet
}

export function findApi(apis: readonly Api[], unreadable: readonly Unreadable[], audience: string): FoundApi {
  const api = apis.find((one) => one.audience === audience) ?? unreadable.find(({ id }) => id === audience)
  if (api === undefined) throw noApi(audience)
  const others = new ApiSet(
    apis.filter((one) => one !== api),
    unreadable.filter((one) => one !== api),
  )
  return { api, others }
}

export const audienceOf = (api: Api | Unreadable): string => ('problem' in api ? api.id : api.audience)

/** Whether a client names an API, or has a scope of it. The scopes of an unreadable API are not known. */
export function refersTo(api: Api | Unreadable): (references: Pick<ClientReferences, 'scopes' | 'apis'>) => boolean {
  const audience = audienceOf(api)
  const alone = new ApiSet('problem' in api ? [] : [api])
  return ({ scopes, apis }) =>
    apis.some((one) => isSameUri(one, audience)) || scopes.some((scope) => alone.withScope(scope).length > 0)
}

/** The clients that refer to an API: their number, and the first of them by id. */
export interface ApiUsers {
  readonly clients: number
  readonly first: readonly ClientId[]
}

interface Counted {
  readonly refers: ReturnType<typeof refersTo>
  clients: number
  readonly first: ClientId[]
}

/**
 * The clients that refer to each of these APIs, in the order of the APIs.
 * @param except clients that don't count @param most how many ids each API gets
 */
export async function usersOf(
  store: Pick<ModelStore, 'listReferences'>,
  apis: readonly (Api | Unreadable)[],
  { except, most }: { readonly except: ReadonlySet<string>; readonly most: number },
): Promise<readonly ApiUsers[]> {
  const found = apis.map((api): Counted => ({ refers: refersTo(api), clients: 0, first: [] }))
  if (apis.length === 0) return found
  for await (const references of allReferences(store)) {
    if (except.has(references.id)) continue
    for (const users of found) {
      if (!users.refers(references)) continue
      users.clients += 1
      if (users.first.length < most) users.first.push(references.id)
    }
  }
  return found
}

/** The clients that refer to any of these APIs, by id; at most one more than `MOST_CLIENTS`. @param except clients that don't count */
export async function clientsReferringTo(
  store: Pick<ModelStore, 'listReferences'>,
  apis: readonly (Api | Unreadable)[],
  except: ReadonlySet<string> = new Set(),
): Promise<readonly ClientId[]> {
  const tests = apis.map(refersTo)
  const clients: ClientId[] = []
  for await (const references of allReferences(store)) {
    if (except.has(references.id) || !tests.some((isReferred) => isReferred(references))) continue
    if (clients.push(references.id) > MOST_CLIENTS) break
  }
  return clients
}

async function* allReferences(store: Pick<ModelStore, 'listReferences'>): AsyncGenerator<ClientReferences> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Awaited<ReturnType<ModelStore['listReferences']>> = await store.listReferences(after, AT_ONCE)
    yield* page.references
    after = page.next
    // There may be a million clients. Requests are handled between pages.
    await nextTurn()
  }
}
