import { addCounts, type Snapshot } from '../../observability/snapshot.ts'
import type { Channel, FromPrimary, FromWorker } from './channel.ts'

/** Who has not answered by then is too busy: what it said before stands for it. Milliseconds. */
const ANSWER_WITHIN_MS = 2_000

/** What the workers have measured: those that run, and those that did. */
export class WorkerMetrics {
  readonly #workers = new Set<MeasuredWorker>()
  /** What workers that are gone had counted when they were asked last: a counter must not go back. */
  #gone: Snapshot = []

  /** Begins to ask a worker. @returns to be called when it is gone */
  add(channel: Channel<FromPrimary, FromWorker>): () => void {
    const worker = new MeasuredWorker(channel)
    this.#workers.add(worker)
    return () => {
      this.#workers.delete(worker)
      worker.end()
      this.#gone = addCounts(this.#gone, worker.last)
    }
  }

  /** What each has measured by now, and what those that are gone have counted. */
  async snapshots(): Promise<readonly Snapshot[]> {
    const workers = [...this.#workers]
    await Promise.all(workers.map((worker) => worker.ask()))
    // One that ended meanwhile is among those that are gone.
    return [...workers.filter((worker) => this.#workers.has(worker)).map(({ last }) => last), this.#gone]
  }
}

class MeasuredWorker {
  readonly #channel: Channel<FromPrimary, FromWorker>
  readonly #asked = new Map<number, () => void>()
  #asks = 0
  #last: Snapshot = []

  constructor(channel: Channel<FromPrimary, FromWorker>) {
    this.#channel = channel
    channel.onMessage((message) => {
      if (message.kind !== 'measured') return
      this.#last = message.snapshot
      this.#asked.get(message.id)?.()
    })
  }

  /** What it said last. */
  get last(): Snapshot {
    return this.#last
  }

  /** Resolves once it has said what it has measured by now, or is too busy to, or gone. */
  ask(): Promise<void> {
    this.#asks += 1
    const id = this.#asks
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(late)
        this.#asked.delete(id)
        resolve()
      }
      const late = setTimeout(done, ANSWER_WITHIN_MS)
      this.#asked.set(id, done)
      this.#channel.send({ kind: 'measure', id })
    })
  }

  end(): void {
    for (const done of [...this.#asked.values()]) done()
  }
}
