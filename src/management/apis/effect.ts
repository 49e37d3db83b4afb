import type { ClientId } from '../../oauth/ids.ts'
import { requireOverApi } from '../authority/api-rights.ts'
import { mayOver } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'
import { clientsReferringTo, findApi, MOST_CLIENTS } from './find-clients.ts'

/** The clients that an effect names. */
export const MOST_NAMED = 100

/** The things that end with an API. */
interface ApiEffect {
  /** The clients that refer to it; with `isMore`, there are more than `count`. */
  readonly clients: { readonly count: number; readonly isMore: boolean }
  /** The first of these clients that the author may see, by id. */
  readonly some: readonly ClientId[]
  /** The latest last use of the credentials of these first clients, in milliseconds; undefined if they were never used. */
  readonly lastUsedAt: number | undefined
  /** The time until which the API may accept tokens that it verifies itself, in milliseconds. */
  readonly tokensUntil: number
}

/** Finds out the effect of deleting an API. It changes nothing. @throws UserError if it does not exist */
export async function apiEffect({ authority, store, clock }: ManagementContext, audience: string): Promise<ApiEffect> {
  const { found, unreadable } = await store.directory.loadApis()
  const { api } = findApi(found, unreadable, audience)
  requireOverApi(authority, 'apis:read', api)
  const referring = await clientsReferringTo(store.model, [api])
  const { clients: first } = await store.model.snapshot(referring.slice(0, MOST_NAMED))
  const clients = new Map([...first].filter(([, { owner }]) => mayOver(authority, 'clients:read', owner)))
  const credentials = [...clients.values()].flatMap((client) => client.credentials.all.map(({ id }) => id))
  const uses = await store.model.lastUses(credentials)
  return {
    clients: { count: Math.min(referring.length, MOST_CLIENTS), isMore: referring.length > MOST_CLIENTS },
    some: [...clients.keys()],
    lastUsedAt: uses.size === 0 ? undefined : Math.max(...uses.values()),
    tokensUntil: clock.now() + (await store.revocations.longestLifetime()),
  }
}
