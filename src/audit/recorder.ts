import { setImmediate as nextTurn } from 'node:timers/promises'
import { BelievedTime } from '../platform/believed-time.ts'
import { cleanUp } from '../platform/clean-up.ts'
import type { Clock } from '../platform/clock.ts'
import type { RandomBytes } from '../platform/random.ts'
import { BACKLOG, Backlog } from './backlog.ts'
import type { AuditEvent } from './event.ts'
import { ownEvent } from './own-event.ts'
import type { AuditCounts, AuditSink } from './sink.ts'
import type { AuditStore } from './store.ts'

const FLUSH_INTERVAL_MS = 200
/**
 * So many are written as soon as they are there: few enough that no request waits long behind them, and that the garbage
 * collector has not moved them yet; enough that a commit costs each of them next to nothing.
 */
const BATCH_SIZE = 256
/** Where more wait, since the database was slow or away. */
const LARGEST_BATCH = 1_024
const PRUNE_INTERVAL_MS = 60_000

interface RecorderOptions {
  readonly store: AuditStore
  readonly clock: Clock
  readonly random: RandomBytes
  /** How long events are kept, in milliseconds. */
  readonly retention: number
  /** The number of refusals kept. If there are more, the oldest are removed early. */
  readonly refusalsKept: number
  /** Told of each write that fails; the events stay in memory and are tried again. */
  readonly onError: (error: unknown) => void
}

/** Takes the events of all tenants at once and writes them in batches, off the path of the requests. */
export class AuditRecorder implements AuditSink {
  readonly #options: RecorderOptions
  readonly #time: BelievedTime
  #waiting: AuditEvent[] = []
  readonly #backlog = new Backlog()
  #lost = 0
  /** Lost events that no event has reported yet. */
  #unsaid = 0
  #written = 0
  #failedBatches = 0
  /** Then only time brings the next attempt: events would bring one each. */
  #hasFailed = false
  #flushing: Promise<void> | undefined
  #flushTimer: NodeJS.Timeout | undefined
  #pruneTimer: NodeJS.Timeout | undefined

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#time = new BelievedTime(options.clock)
  }

  start(): void {
    this.#flushTimer = setInterval(() => this.#flushQuietly(1), FLUSH_INTERVAL_MS).unref()
    this.#pruneTimer = setInterval(() => this.#pruneQuietly(), PRUNE_INTERVAL_MS).unref()
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
      this.#unsaid += 1
      return
    }
    this.#backlog.add(event)
    if (this.#waiting.push(event) >= BATCH_SIZE && !this.#hasFailed) this.#flushQuietly(BATCH_SIZE)
  }

  /** Writes what waits now. Rejects when the store fails; nothing is lost by that. */
  async flush(): Promise<void> {
    await this.#flushing?.catch(() => {})
    await this.#write(1)
  }

  /** Stops the timers and writes what waits. */
  async close(): Promise<void> {
    clearInterval(this.#flushTimer)
    clearInterval(this.#pruneTimer)
    await this.flush()
  }

  /** Writes batches until fewer than so many events wait. One of these runs at a time. */
  #write(least: number): Promise<void> {
    this.#flushing = this.#writeBatches(least).finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  async #writeBatches(least: number): Promise<void> {
    while (this.#waiting.length >= least) {
      const size = this.#waiting.length < LARGEST_BATCH ? BATCH_SIZE : LARGEST_BATCH
      await this.#writeBatch(this.#waiting.slice(0, size))
      // Where many wait, requests come between any two batches.
      if (this.#waiting.length >= least) await nextTurn()
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
    if (this.#unsaid > 0) this.#sayWhatIsLost()
  }

  #sayWhatIsLost(): void {
    const event = ownEvent('audit.lost', { events: this.#unsaid }, this.#options)
    this.#unsaid = 0
    this.record(event)
  }

  #flushQuietly(least: number): void {
    if (this.#flushing === undefined && this.#waiting.length >= least) this.#write(least).catch(this.#options.onError)
  }

  #pruneQuietly(): void {
    this.#prune().catch(this.#options.onError)
  }

  async #prune(): Promise<void> {
    const { store, retention, refusalsKept } = this.#options
    const oldest = this.#time.now() - retention
    await cleanUp((most) => store.pruneBefore(oldest, most))
    const place = await store.oldestRefusalOf(refusalsKept)
    if (place !== undefined) await cleanUp((most) => store.removeRefusalsBefore(place, most))
  }
}
