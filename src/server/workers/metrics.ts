import { addCounts, type Snapshot } from '../../observability/snapshot.ts'
import type { Channel, FromPrimary, FromWorker } from './channel.ts'

/** The time limit for an answer. A busy worker that exceeds it is represented by its previous answer. Milliseconds. */
const ANSWER_WITHIN_MS = 2_000

/** The metrics of all workers, running and ended. */
export class WorkerMetrics {
  readonly #workers = new Set<MeasuredWorker>()
  /** The last known counts of ended workers. A counter must not go back. */
  #gone: Snapshot = []

  /** Includes a worker. @returns a function to call when the worker has ended */
  add(channel: Channel<FromPrimary, FromWorker>): () => void {
    const worker = new MeasuredWorker(channel)
    this.#workers.add(worker)
    return () => {
      this.#workers.delete(worker)
      worker.end()
      this.#gone = addCounts(this.#gone, worker.last)
    }
  }

  /** The present metrics of each running worker, and the counts of the ended ones. */
  async snapshots(): Promise<readonly Snapshot[]> {
    const workers = [...this.#workers]
    await Promise.all(workers.map((worker) => worker.ask()))
    // A worker that ended meanwhile is already included in the counts of ended workers.
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

  /** The last answer of the worker. */
  get last(): Snapshot {
    return this.#last
  }

  /** Asks the worker for its metrics. Resolves when it has answered, has ended, or exceeds the time limit. */
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
