import type { AuditEvent } from './event.ts'

/** An event as it is kept. */
export interface StoredAuditEvent extends AuditEvent {
  /** Its place in the log: later events have greater numbers. */
  readonly seq: number
}

export interface AuditQuery {
  /** At most this many events: the last ones. */
  readonly limit: number
  /** Only events after this place. */
  readonly after?: number | undefined
  readonly clientId?: string | undefined
  /** The id of one request. An event that stands for equal refusals has several of them. */
  readonly requestId?: string | undefined
}

/** The events of one tenant. Every call rejects when the database fails. */
export interface AuditTrail {
  /** Oldest first. */
  listEvents(query: AuditQuery): Promise<readonly StoredAuditEvent[]>
}

/**
 * The append-only log of the events of all tenants, of which it lists those of one. Every call rejects when the database fails, having
 * done nothing.
 */
export interface AuditStore extends AuditTrail {
  /** Adds all the events, in this order, or none. */
  append(events: readonly AuditEvent[]): Promise<void>
  /** The place of the oldest of the last `keep` refusals; undefined if there are no more than that. */
  oldestRefusalOf(keep: number): Promise<number | undefined>
  /** Removes at most `most` refusals before a place, the oldest first. @returns how many */
  removeRefusalsBefore(place: number, most: number): Promise<number>
  /**
   * Removes at most `most` events that are older than `time`, in milliseconds, wherever in the log they stand.
   * @returns how many; 0 once none was found
   */
  pruneBefore(time: number, most: number): Promise<number>
}
