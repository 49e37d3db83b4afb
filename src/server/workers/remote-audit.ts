import { Backlog } from '../../audit/backlog.ts'
import type { AuditEvent } from '../../audit/event.ts'
import type { AuditCounts, AuditSink } from '../../audit/sink.ts'
import { systemEvent } from '../../audit/system-event.ts'
import type { Clock } from '../../platform/clock.ts'
import type { RandomBytes } from '../../platform/random.ts'
import type { Channel, FromPrimary, FromWorker } from './channel.ts'

/** How long to wait before asking a primary without room again. Milliseconds. */
const ASKED_AGAIN_MS = 250

/**
 * Hands events to the primary, which writes them. The events of the requests in one batch go in one message, before any response is
 * written. The requests of a batch resume together (`src/platform/batch.ts`) and take equally many steps, and the microtask that
 * sends the message runs after the microtasks already queued.
 */
export class RemoteAudit implements AuditSink {
  readonly #channel: Channel<FromWorker, FromPrimary>
  #events: AuditEvent[] = []
  /** Events that the primary has not accepted. */
  readonly #backlog = new Backlog()
  #lost = 0
  /** Lost events that no event has reported yet. */
  #unsaid = 0
  readonly #own: { readonly clock: Clock; readonly random: RandomBytes }
  #primary = { isFull: false, isFullForRefusals: false }
  #waiting: (() => void)[] = []

  constructor(channel: Channel<FromWorker, FromPrimary>, own: { readonly clock: Clock; readonly random: RandomBytes }) {
    this.#channel = channel
    this.#own = own
    channel.onMessage((message) => {
      if (message.kind === 'taken') this.#taken(message)
    })
  }

  get isFull(): boolean {
    return this.#primary.isFull || this.#backlog.isFull
  }

  get isFullForRefusals(): boolean {
    return this.#primary.isFullForRefusals || this.#backlog.isFullForRefusals
  }

  /** The counts of events that the primary has not taken. The primary counts the others when it writes them. */
  get counts(): AuditCounts {
    return { waiting: this.#backlog.events, capacity: 0, written: 0, failedBatches: 0, lost: this.#lost }
  }

  record(event: AuditEvent): void {
    if (this.#backlog.isClosed) {
      this.#lost += 1
      this.#unsaid += 1
      return
    }
    this.#backlog.add(event)
    if (this.#events.push(event) === 1) queueMicrotask(() => this.#send())
  }

  /** Sends the remaining events. Resolves once the primary has taken all. */
  async close(): Promise<void> {
    this.#send()
    if (this.#backlog.events > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #send(): void {
    const events = this.#events
    if (events.length === 0) return
    this.#events = []
    this.#channel.send({ kind: 'events', events })
  }

  #taken({ count, isFull, isFullForRefusals }: Extract<FromPrimary, { kind: 'taken' }>): void {
    this.#backlog.remove(count)
    this.#primary = { isFull, isFullForRefusals }
    // The worker sends nothing to a primary without room, so it must ask whether there is room again.
    if (isFull || isFullForRefusals) setTimeout(() => this.#ask(), ASKED_AGAIN_MS).unref()
    if (this.#unsaid > 0 && !this.#backlog.isClosed) this.#reportLost()
    if (this.#backlog.events > 0) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #ask(): void {
    if (this.#backlog.events === 0) this.#channel.send({ kind: 'events', events: [] })
  }

  #reportLost(): void {
    const event = systemEvent('audit.lost', { events: this.#unsaid }, this.#own)
    this.#unsaid = 0
    this.record(event)
  }
}
