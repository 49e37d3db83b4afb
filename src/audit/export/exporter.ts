import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../platform/clock.ts'
import type { RandomBytes } from '../../platform/random.ts'
import { RejectedRecords } from './otlp.ts'
import type { Sink } from './sink.ts'
import type { Batch, ExportStore, Holder, Positions } from './store.ts'

/** A process that has not beaten for this long has died. Milliseconds. */
const DEAD_AFTER_MS = 4_000
const BEAT_EVERY_MS = 1_000
/** The pause before an exporter looks for new events. */
const IDLE_MS = 300
/** The time that a system has to take a batch. */
const DELIVERY_MS = 10_000
/** The pause after the first failure; it doubles with each further one. Half of it is random, so that exporters don't act together. */
const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 60_000
const BATCH = { events: 200, bytes: 512 * 1024 } as const
/** The part of the retention after which unexported events are reported. */
const AT_RISK = 0.8

interface ExporterOptions {
  readonly name: string
  readonly sink: Sink
  readonly store: ExportStore
  readonly clock: Clock
  readonly random: RandomBytes
  /** Milliseconds for which events are kept. */
  readonly retention: number
  /** Called for each failure, which is tried again. */
  readonly onFailure: (error: unknown) => void
  /** Called for events that will be removed, or were removed, before they were exported. */
  readonly onLoss: (message: string) => void
  /** Milliseconds. */
  readonly times?: Partial<Times>
}

type Times = Readonly<Record<'deadAfter' | 'delivery' | 'shortestPause', number>>

const TIMES: Times = { deadAfter: DEAD_AFTER_MS, delivery: DELIVERY_MS, shortestPause: SHORTEST_PAUSE_MS }

export interface ExportCounts {
  readonly exported: number
  readonly failures: number
  readonly missed: number
  /** Milliseconds since the oldest event that is not exported; 0 if all are. Undefined while another process exports. */
  readonly lag: number | undefined
}

/** Exports events to one sink, whenever this process holds it. */
export class Exporter {
  readonly #options: ExporterOptions
  readonly #times: Times
  readonly #holder: string
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()
  /** Undefined while another process holds the sink. */
  #positions: Positions | undefined
  /** The holder, and when this process first saw it with this beat. */
  #seen: { readonly holder: Holder | undefined; readonly at: number } | undefined
  #beatAt = 0
  #pendingSince: number | undefined
  #isWarned = false
  #failuresInRow = 0
  #exported = 0
  #failures = 0
  #missed = 0

  constructor(options: ExporterOptions) {
    this.#options = options
    this.#times = { ...TIMES, ...options.times }
    this.#holder = options.random(16).toString('hex')
  }

  get counts(): ExportCounts {
    const since = this.#pendingSince
    const lag = since === undefined ? 0 : Math.max(0, this.#options.clock.now() - since)
    return {
      exported: this.#exported,
      failures: this.#failures,
      missed: this.#missed,
      lag: this.#positions === undefined ? undefined : lag,
    }
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Ends the delivery under way, and gives the sink back. */
  async stop(): Promise<void> {
    const { store, sink, name } = this.#options
    this.#stopping.abort()
    await this.#running
    await store.release(name, this.#holder)
    await sink.close()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const pause = await this.#attempt()
      if (pause > 0) await sleep(pause, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  /** @returns the pause that must follow, in milliseconds */
  async #attempt(): Promise<number> {
    try {
      const pause = await this.#step()
      this.#failuresInRow = 0
      return pause
    } catch (error) {
      if (this.#stopping.signal.aborted) return 0
      this.#failures += 1
      this.#options.onFailure(error)
      const longest = Math.min(LONGEST_PAUSE_MS, this.#times.shortestPause * 2 ** this.#failuresInRow)
      this.#failuresInRow += 1
      return longest * (0.5 + this.#options.random(4).readUInt32BE() / 2 ** 33)
    }
  }

  async #step(): Promise<number> {
    const positions = await this.#hold()
    if (positions === undefined) return IDLE_MS
    const { store } = this.#options
    const batch = await store.nextEvents(positions, BATCH)
    this.#noteWaiting(batch)
    if (batch.events.length > 0) await this.#deliver(batch)
    if (batch.positions !== positions && !(await this.#beat(batch.positions))) return 0
    this.#exported += batch.events.length
    this.#pendingSince = batch.isLast ? undefined : batch.events.at(-1)?.event.at
    return batch.isLast ? IDLE_MS : 0
  }

  /** Holds the sink, or takes it over from a process that has died. @returns undefined while another process holds it */
  async #hold(): Promise<Positions | undefined> {
    const { store, name, clock } = this.#options
    const now = clock.monotonic()
    if (this.#positions !== undefined && (now - this.#beatAt < BEAT_EVERY_MS || (await this.#beat())))
      return this.#positions
    const holder = await store.holderOf(name)
    // No clock of another machine counts: a holder is dead if its beat has not grown for a while.
    if (
      this.#seen === undefined ||
      this.#seen.holder?.holder !== holder?.holder ||
      this.#seen.holder?.beat !== holder?.beat
    )
      this.#seen = { holder, at: now }
    const isFree = holder === undefined || holder.holder === null || holder.holder === this.#holder
    if (!isFree && now - this.#seen.at < this.#times.deadAfter) return undefined
    this.#positions = await store.take(name, this.#holder, holder)
    this.#beatAt = now
    return this.#positions
  }

  /** @returns whether this process still holds the sink */
  async #beat(positions?: Positions): Promise<boolean> {
    const { store, name, clock } = this.#options
    const isOurs = await store.beat(name, this.#holder, positions)
    this.#beatAt = clock.monotonic()
    if (!isOurs) this.#positions = undefined
    else if (positions !== undefined) this.#positions = positions
    return isOurs
  }

  async #deliver({ events }: Batch): Promise<void> {
    const { sink, onFailure, onLoss } = this.#options
    const lost = new AbortController()
    const beating = setInterval(() => {
      this.#beat().then((isOurs) => {
        if (!isOurs) lost.abort(new Error('another process exports now'))
      }, onFailure)
    }, BEAT_EVERY_MS)
    const late = AbortSignal.timeout(this.#times.delivery)
    const signal = AbortSignal.any([this.#stopping.signal, lost.signal, late])
    try {
      await unlessAborted(sink.deliver(events, signal), signal)
    } catch (error) {
      if (!(error instanceof RejectedRecords)) throw error
      onLoss(error.message)
    } finally {
      clearInterval(beating)
    }
  }

  #noteWaiting({ events, missed }: Batch): void {
    const { retention, clock, onLoss } = this.#options
    this.#pendingSince = events[0]?.event.at
    if (missed > 0) {
      this.#missed += missed
      onLoss(`${missed} events were removed before they were exported`)
    }
    const isAtRisk = (this.#pendingSince ?? Number.POSITIVE_INFINITY) < clock.now() - retention * AT_RISK
    if (isAtRisk && !this.#isWarned)
      onLoss('events will soon be removed that are not exported yet: see audit.retention_days')
    this.#isWarned = isAtRisk
  }
}

/** Some work, or the signal's reason as soon as it is aborted. */
function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}
