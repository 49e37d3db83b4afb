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
}

/** Takes events at once, and sees to it that they are written. */
export interface AuditSink {
  /** Whether there is no room for another event. */
  readonly isFull: boolean
  readonly counts: AuditCounts
  record(event: AuditEvent): void
  /** Resolves once nothing that was recorded can be lost with this process. */
  close(): Promise<void>
}
