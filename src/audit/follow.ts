import { setTimeout as sleep } from 'node:timers/promises'
import type { EventFilter } from './query.ts'
import type { AuditTrail, StoredAuditEvent } from './store.ts'

/** The pause between two looks. Milliseconds. */
const LOOK_EVERY_MS = 500
const MOST_AT_ONCE = 200

/** New events of a filter. */
export interface NewEvents {
  /** The oldest first; empty if only the place has moved. */
  readonly events: readonly StoredAuditEvent[]
  /** The place to go on from, also later and in another process. */
  readonly after: number
}

interface FollowOptions {
  readonly after: number
  readonly signal: AbortSignal
  /** Milliseconds. */
  readonly lookEvery?: number
}

/**
 * Yields new events of a filter until the signal is aborted. No event is missed or repeated. On PostgreSQL that takes some seconds,
 * until no earlier event can appear any more.
 */
export async function* followEvents(
  trail: AuditTrail,
  filter: EventFilter,
  { after: start, signal, lookEvery = LOOK_EVERY_MS }: FollowOptions,
): AsyncGenerator<NewEvents, void, undefined> {
  let after = start
  while (!signal.aborted) {
    const page = await trail.queryEvents({ ...filter, limit: MOST_AT_ONCE, from: { after }, settled: true })
    const hasMoved = page.newer.after > after
    after = page.newer.after
    if (hasMoved) yield { events: page.events.toReversed(), after }
    else await sleep(lookEvery, undefined, { signal }).catch(() => {})
  }
}
