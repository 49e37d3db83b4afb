import type { Channel, FromPrimary, FromWorker } from './channel.ts'

/** Tells the primary the reasons why this worker can't answer as it should, whenever they change. */
export class RemoteCondition {
  readonly #channel: Channel<FromWorker, FromPrimary>
  #told = '[]'

  constructor(channel: Channel<FromWorker, FromPrimary>) {
    this.#channel = channel
  }

  tell(problems: readonly string[]): void {
    const said = JSON.stringify(problems)
    if (said === this.#told) return
    this.#told = said
    this.#channel.send({ kind: 'condition', problems })
  }
}
