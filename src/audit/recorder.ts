import { setImmediate as nextTurn } from 'node:timers/promises'
import { BelievedTime } from '../platform/believed-time.ts'
import { cleanUp } from '../platform/clean-up.ts'
import type { Clock } from '../platform/clock.ts'
import { Poller } from '../platform/poller.ts'
import type { RandomBytes } from '../platform/random.ts'
import { BACKLOG, Backlog } from './backlog.ts'
import type { AuditEvent } from './event.ts'
import type { AuditCounts, AuditSink } from './sink.ts'
import type { AuditStore } from './store.ts'
import { systemEvent } from './system-event.ts'

const FLUSH_INTERVAL_MS = 200
/**
 * This many events are written at once, before the timer fires. No request waits long behind so few, and the garbage collector
 * has not moved them yet. They are enough to share the cost of a commit.
 */
const BATCH_SIZE = 256
/** The batch size if more wait because the database was slow or away. */
const LARGEST_BATCH = 1_024
const PRUNE_INTERVAL_MS = 60_000

interface RecorderOptions {
  readonly store: AuditStore
  readonly clock: Clock
  readonly random: RandomBytes
  /** Milliseconds for which events are kept. */
  readonly retention: number
  /** The number of refusals kept. If there are more, the oldest are removed early. */
  readonly refusalsKept: number
  /** Called for each failed write. The events stay in memory and are tried again. */
  readonly onError: (error: unknown) => void
}

/** Accepts the events of all tenants without waiting and writes them in batches, so that requests don't wait for the database. */
export class AuditRecorder implements AuditSink {
  readonly #options: RecorderOptions
  readonly #time: BelievedTime
  #waiting: AuditEvent[] = []
  readonly #backlog = new Backlog()
  #lost = 0
  /** The number of lost events that no `audit.lost` event has reported yet. */
  #unreported = 0
  #written = 0
  #failedBatches = 0
  /** After a failed write only the timer tries again. Otherwise every new event would trigger a write. */
  #hasFailed = false
  /** A batch whose write failed. The store must get the same array again, since it may have written it. */
  #unwritten: readonly AuditEvent[] | undefined
  #flushing: Promise<void> | undefined
  readonly #pruner: Poller
  #flushTimer: NodeJS.Timeout | undefined

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#time = new BelievedTime(options.clock)
    this.#pruner = new Poller(PRUNE_INTERVAL_MS, (ending) => this.#prune(ending), options.onError)
  }

  start(): void {
    this.#flushTimer = setInterval(() => this.#flushQuietly(1), FLUSH_INTERVAL_MS).unref()
    this.#pruner.start()
  }

  get isFull(): boolean {
    return this.#backlog.isFull
  }

  get isFullForRefusals(): boolean {
    return this.#backlog.isFullForRefusals
  }

  get counts(): AuditCounts {
    return {
      waiting: this.#waiting.length,
      capacity: BACKLOG.events,
      written: this.#written,
      failedBatches: this.#failedBatches,
      lost: this.#lost,
    }
  }

  record(event: AuditEvent): void {
    if (this.#backlog.isClosed) {
      this.#lost += 1
      this.#unreported += 1
      return
    }
    this.#backlog.add(event)
    if (this.#waiting.push(event) >= BATCH_SIZE && !this.#hasFailed) this.#flushQuietly(BATCH_SIZE)
  }

  /** Writes the waiting events. If the store fails, it rejects and the events stay in memory. */
  async flush(): Promise<void> {
    await this.#flushing?.catch(() => {})
    await this.#write(1)
  }

  /** Stops the timers and writes the waiting events. */
  async close(): Promise<void> {
    clearInterval(this.#flushTimer)
    // The store may be closed afterwards.
    await this.#pruner.stop()
    await this.flush()
  }

  /** Writes batches until fewer than `least` events wait. Only one call runs at a time. */
  #write(least: number): Promise<void> {
    this.#flushing = this.#writeBatches(least).finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  async #writeBatches(least: number): Promise<void> {
    while (this.#waiting.length >= least) {
      const size = this.#waiting.length < LARGEST_BATCH ? BATCH_SIZE : LARGEST_BATCH
      this.#unwritten ??= this.#waiting.slice(0, size)
      const batch = this.#unwritten
      await this.#writeBatch(batch)
      this.#unwritten = undefined
      // Let requests run between two batches, unless the last one was small.
      if (this.#waiting.length >= least && batch.length >= BATCH_SIZE) await nextTurn()
    }
  }

  async #writeBatch(batch: readonly AuditEvent[]): Promise<void> {
    try {
      await this.#options.store.append(batch)
      this.#hasFailed = false
    } catch (error) {
      this.#failedBatches += 1
      this.#hasFailed = true
      throw error
    }
    this.#waiting = this.#waiting.slice(batch.length)
    this.#backlog.remove(batch.length)
    this.#written += batch.length
    if (this.#unreported > 0) this.#recordLoss()
  }

  #recordLoss(): void {
    const event = systemEvent('audit.lost', { events: this.#unreported }, this.#options)
    this.#unreported = 0
    this.record(event)
  }

  #flushQuietly(least: number): void {
    if (this.#flushing === undefined && this.#waiting.length >= least) this.#write(least).catch(this.#options.onError)
  }

  async #prune(ending: AbortSignal): Promise<void> {
    const { store, retention, refusalsKept } = this.#options
    const oldest = this.#time.now() - retention
    await cleanUp((most) => store.pruneBefore(oldest, most), ending)
    const place = await store.oldestRefusalOf(refusalsKept)
    if (place !== undefined) await cleanUp((most) => store.removeRefusalsBefore(place, most), ending)
  }
}
