import type { Api } from '../../model/api.ts'
import { ownersFor } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'

/** The last tokens of an API in which scopes are looked for. */
const LAST_TOKENS = 1_000

/** For each client, the time of its last token with each scope. Milliseconds. */
export type LastUses = ReadonlyMap<string, ReadonlyMap<string, number>>

/** The last uses of the scopes of an API by each client, as far as the author may read audit events, among its last tokens. */
export async function lastUsesAt({ store, authority }: ManagementContext, { audience }: Api): Promise<LastUses> {
  const seen = ownersFor(authority, 'audit:read')
  const { events } = await store.audit.queryEvents({
    audience,
    owners: seen === 'all' ? undefined : seen,
    types: ['token.issue'],
    result: 'success',
    limit: LAST_TOKENS,
  })
  const uses = new Map<string, Map<string, number>>()
  for (const { at, clientId, detail } of events) {
    const { scope } = detail
    if (clientId === undefined || typeof scope !== 'string') continue
    const ofClient = uses.get(clientId) ?? new Map<string, number>()
    for (const name of scope.split(' ')) ofClient.set(name, Math.max(ofClient.get(name) ?? 0, at))
    uses.set(clientId, ofClient)
  }
  return uses
}
