import type { EventFilter } from '../../audit/query.ts'
import { ownersFor } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'

/** The last events in which addresses are looked for. */
const LAST_EVENTS = 1_000
const MOST_ADDRESSES = 50

/** An address from which token requests came. */
export interface RecentAddress {
  readonly address: string
  /** The time of the last request. Milliseconds. */
  readonly lastUsedAt: number
  /** The requests among the last events. */
  readonly requests: number
}

/** The senders of the last token requests, the latest first; undefined if the author may read no audit events. */
export async function recentAddresses(
  { store, authority }: ManagementContext,
  filter: Pick<EventFilter, 'clientIds' | 'credential' | 'audience'>,
): Promise<readonly RecentAddress[] | undefined> {
  const seen = ownersFor(authority, 'audit:read')
  if (seen !== 'all' && seen.length === 0) return undefined
  const owners = seen === 'all' ? undefined : seen
  const { events } = await store.audit.queryEvents({ ...filter, owners, types: ['token.issue'], limit: LAST_EVENTS })
  const addresses = new Map<string, { lastUsedAt: number; requests: number }>()
  for (const { remoteAddress: address, at, detail } of events) {
    if (address === undefined) continue
    const known = addresses.get(address) ?? { lastUsedAt: at, requests: 0 }
    // One event may stand for many equal refusals.
    known.requests += typeof detail['repeated'] === 'number' ? detail['repeated'] : 1
    known.lastUsedAt = Math.max(known.lastUsedAt, at)
    addresses.set(address, known)
  }
  return [...addresses]
    .map(([address, uses]) => ({ address, ...uses }))
    .toSorted((one, other) => other.lastUsedAt - one.lastUsedAt)
    .slice(0, MOST_ADDRESSES)
}
