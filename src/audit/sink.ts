import type { AuditEvent } from './event.ts'

/** Counts of events. */
export interface AuditCounts {
  /** Events that this process has not written yet, as far as it knows. */
  readonly waiting: number
  /** The most events that may wait in this process for the database. */
  readonly capacity: number
  readonly written: number
  /** Writes that failed; their events were tried again. */
  readonly failedBatches: number
  /** Events that were dropped because there was no room. Once there is room, one event records their number. */
  readonly lost: number
}

/** Accepts events without waiting, and writes them later. */
export interface AuditSink {
  /** Whether the server should refuse requests that must be recorded. */
  readonly isFull: boolean
  /** Whether there is no room for refusals. They must leave room for successful requests. */
  readonly isFullForRefusals: boolean
  readonly counts: AuditCounts
  record(event: AuditEvent): void
  /** Resolves once all recorded events are stored, so that the process may end. */
  close(): Promise<void>
}
