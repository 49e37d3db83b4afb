import type { Snapshot } from '../../observability/snapshot.ts'
import type { Channel, FromPrimary, FromWorker } from './channel.ts'

/** Tells the primary what this worker has measured, whenever it asks. */
export class RemoteMetrics {
  readonly #channel: Channel<FromWorker, FromPrimary>

  constructor(channel: Channel<FromWorker, FromPrimary>) {
    this.#channel = channel
  }

  /** @param measure what is measured by then @param onError told where it can't be: the primary goes by what it knows */
  offer(measure: () => Promise<Snapshot>, onError: (error: unknown) => void): void {
    this.#channel.onMessage((message) => {
      if (message.kind !== 'measure') return
      measure().then((snapshot) => this.#channel.send({ kind: 'measured', id: message.id, snapshot }), onError)
    })
  }
}
