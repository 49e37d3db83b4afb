import type { AuditEvent } from './event.ts'

/** An event as it is kept. A later version may have written names that this one doesn't know. */
export interface StoredAuditEvent extends Omit<AuditEvent, 'type' | 'result' | 'reason'> {
  readonly type: string
  readonly result: string
  readonly reason: string | undefined
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

/** The append-only log of events. Every call rejects when the database fails, having done nothing. */
export interface AuditStore {
  /** Adds all the events, in this order, or none. */
  append(events: readonly AuditEvent[]): Promise<void>
  /** Oldest first. */
  listEvents(query: AuditQuery): Promise<readonly StoredAuditEvent[]>
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
