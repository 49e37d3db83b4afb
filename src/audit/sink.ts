import type { AuditEvent } from './event.ts'

/** How many events there were. */
export interface AuditCounts {
  /** Not written yet, as far as this process knows. */
  readonly waiting: number
  /** How many may wait in this process for the database. */
  readonly capacity: number
  readonly written: number
  /** Writes that failed; their events were tried again. */
  readonly failedBatches: number
  /** Events that found no room. Once there is room, one event records their number. */
  readonly lost: number
}

/** Takes events at once, and sees to it that they are written. */
export interface AuditSink {
  /** Whether nothing more should be done that has to be recorded. */
  readonly isFull: boolean
  /** Whether there is no room for refusals. They must leave room for successful requests. */
  readonly isFullForRefusals: boolean
  readonly counts: AuditCounts
  record(event: AuditEvent): void
  /** Resolves once nothing that was recorded can be lost with this process. */
  close(): Promise<void>
}
