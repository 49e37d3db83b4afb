import type { Snapshot } from '../../observability/snapshot.ts'
import type { Channel, FromPrimary, FromWorker } from './channel.ts'

/** Sends the metrics of this worker to the primary, whenever it asks. */
export class RemoteMetrics {
  readonly #channel: Channel<FromWorker, FromPrimary>

  constructor(channel: Channel<FromWorker, FromPrimary>) {
    this.#channel = channel
  }

  /** @param measure takes a snapshot @param onError called if that fails. The primary then uses the previous snapshot */
  offer(measure: () => Promise<Snapshot>, onError: (error: unknown) => void): void {
    this.#channel.onMessage((message) => {
      if (message.kind !== 'measure') return
      measure().then((snapshot) => this.#channel.send({ kind: 'measured', id: message.id, snapshot }), onError)
    })
  }
}
