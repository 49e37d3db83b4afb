import type { AuditEvent } from './event.ts'
import type { EventQuery } from './query.ts'

/** A stored event. A later version may have written names that this one doesn't know. */
export interface StoredAuditEvent extends Omit<AuditEvent, 'type' | 'result' | 'reason'> {
  readonly type: string
  readonly result: string
  readonly reason: string | undefined
  /** Its place in the log: later events have greater numbers. */
  readonly seq: number
}

export interface AuditQuery {
  /** The most events to return; if more match, the last ones are returned. */
  readonly limit: number
  /** Restricts the result to events after this place. */
  readonly after?: number | undefined
  readonly clientId?: string | undefined
  /** The id of one request. An event that gathers equal refusals has several ids. */
  readonly requestId?: string | undefined
  /** The trace of the callers. Every event after `after` is read. */
  readonly traceId?: string | undefined
  /** As in `EventFilter`. */
  readonly owners?: readonly string[] | undefined
}

/** Some of the events that match. The work for a page is bounded, so a page may have few events, or none, and not be the last. */
export interface EventPage {
  /** The newest first. */
  readonly events: readonly StoredAuditEvent[]
  /** The place from which older events follow; undefined once there are none. */
  readonly older: { readonly before: number } | undefined
  /** The place from which newer events follow, perhaps later. */
  readonly newer: { readonly after: number }
}

/** The events of one tenant. A call rejects if the database fails. */
export interface AuditTrail {
  /** Lists events, oldest first. */
  listEvents(query: AuditQuery): Promise<readonly StoredAuditEvent[]>
  /** Finds events. A page takes bounded work, however many events there are. */
  queryEvents(query: EventQuery): Promise<EventPage>
}

/**
 * The append-only log of the events of all tenants, which lists those of one. If the database fails, a call rejects and has changed
 * nothing.
 */
export interface AuditStore extends AuditTrail {
  /**
   * Adds all the events, in this order, or none. After a failure, a call with the same array adds it once, even if the database had
   * added it.
   */
  append(events: readonly AuditEvent[]): Promise<void>
  /** Adds the event of a change that no other store writes, to the chain that all changes share. */
  appendChange(event: AuditEvent): Promise<void>
  /** The place of the oldest of the last `keep` refusals; undefined if there are not more than `keep`. */
  oldestRefusalOf(keep: number): Promise<number | undefined>
  /** Removes at most `most` refusals before a place, the oldest first. @returns how many */
  removeRefusalsBefore(place: number, most: number): Promise<number>
  /**
   * Removes at most `most` events that are older than `time`, in milliseconds, at any place in the log.
   * @returns how many; 0 once none is left
   */
  pruneBefore(time: number, most: number): Promise<number>
}
