import type { AuditEvent } from '../audit/event.ts'
import type { AuditCounts, AuditSink } from '../audit/sink.ts'
import type { Channel, FromPrimary, FromWorker } from './channel.ts'

/** About 60 MB, as in a process that writes by itself. */
const MOST_UNTAKEN = 100_000

/**
 * Hands events to the primary, which writes them. What the requests of one batch record goes in one message, before any
 * of their answers is written: all of them go through the same number of steps from there (`src/platform/batch.ts`), and a
 * microtask comes after those that wait already.
 */
export class RemoteAudit implements AuditSink {
  readonly #channel: Channel<FromWorker, FromPrimary>
  #events: AuditEvent[] = []
  #untaken = 0
  #isPrimaryFull = false
  #waiting: (() => void)[] = []

  constructor(channel: Channel<FromWorker, FromPrimary>) {
    this.#channel = channel
    channel.onMessage((message) => {
      if (message.kind === 'taken') this.#taken(message.count, message.isFull)
    })
  }

  get isFull(): boolean {
    return this.#isPrimaryFull || this.#untaken + this.#events.length >= MOST_UNTAKEN
  }

  /** Of those that the primary has not taken; it writes them, and counts that itself. */
  get counts(): AuditCounts {
    return { waiting: this.#untaken + this.#events.length, capacity: 0, written: 0, failedBatches: 0 }
  }

  record(event: AuditEvent): void {
    if (this.#events.push(event) === 1) queueMicrotask(() => this.#send())
  }

  /** Resolves once the primary has everything. */
  async close(): Promise<void> {
    this.#send()
    if (this.#untaken > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #send(): void {
    const events = this.#events
    if (events.length === 0) return
    this.#events = []
    this.#untaken += events.length
    this.#channel.send({ kind: 'events', events })
  }

  #taken(count: number, isFull: boolean): void {
    this.#untaken -= count
    this.#isPrimaryFull = isFull
    if (this.#untaken > 0) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
