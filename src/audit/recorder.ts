import type { Clock } from '../platform/clock.ts'
import type { AuditEvent } from './event.ts'
import type { AuditCounts, AuditSink } from './sink.ts'
import type { AuditStore } from './store.ts'

const FLUSH_INTERVAL_MS = 200
const BATCH_SIZE = 2_000
/** About 60 MB. When so many wait, the database has been away for long, and nothing is issued that can't be recorded. */
const MOST_WAITING = 100_000
const PRUNE_INTERVAL_MS = 60_000
const PRUNE_BATCH = 5_000

interface RecorderOptions {
  readonly store: AuditStore
  readonly clock: Clock
  /** How long events are kept, in milliseconds. */
  readonly retention: number
  /** Told of each write that fails; the events stay in memory and are tried again. */
  readonly onError: (error: unknown) => void
}

/** Takes events at once and writes them in batches, off the path of the requests. */
export class AuditRecorder implements AuditSink {
  readonly #options: RecorderOptions
  #waiting: AuditEvent[] = []
  #written = 0
  #failedBatches = 0
  #flushing: Promise<void> | undefined
  #flushTimer: NodeJS.Timeout | undefined
  #pruneTimer: NodeJS.Timeout | undefined

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  start(): void {
    this.#flushTimer = setInterval(() => this.#flushQuietly(), FLUSH_INTERVAL_MS).unref()
    this.#pruneTimer = setInterval(() => this.#pruneQuietly(), PRUNE_INTERVAL_MS).unref()
  }

  /** Whether there is no room for another event. */
  get isFull(): boolean {
    return this.#waiting.length >= MOST_WAITING
  }

  get counts(): AuditCounts {
    return {
      waiting: this.#waiting.length,
      capacity: MOST_WAITING,
      written: this.#written,
      failedBatches: this.#failedBatches,
    }
  }

  record(event: AuditEvent): void {
    this.#waiting.push(event)
  }

  /** Writes what waits now. Rejects when the store fails; nothing is lost by that. */
  async flush(): Promise<void> {
    await this.#flushing
    for (let due = this.#waiting.length; due > 0; due -= BATCH_SIZE) {
      this.#flushing = this.#writeBatch()
      await this.#flushing
    }
  }

  /** Stops the timers and writes what waits. */
  async close(): Promise<void> {
    clearInterval(this.#flushTimer)
    clearInterval(this.#pruneTimer)
    await this.#flushing?.catch(() => {})
    await this.flush()
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#waiting.slice(0, BATCH_SIZE)
    try {
      await this.#options.store.append(batch)
      this.#waiting = this.#waiting.slice(batch.length)
      this.#written += batch.length
    } catch (error) {
      this.#failedBatches += 1
      throw error
    } finally {
      this.#flushing = undefined
    }
  }

  #flushQuietly(): void {
    if (this.#flushing === undefined && this.#waiting.length > 0) this.flush().catch(this.#options.onError)
  }

  #pruneQuietly(): void {
    this.#prune().catch(this.#options.onError)
  }

  /** In small batches, so that no request waits long for the database. */
  async #prune(): Promise<void> {
    const { store, clock, retention } = this.#options
    const oldest = clock.now() - retention
    while ((await store.pruneBefore(oldest, PRUNE_BATCH)) === PRUNE_BATCH);
  }
}
