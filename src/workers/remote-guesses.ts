import type { Attempt, Guess, Guesses } from '../guessing/limiter.ts'
import { OAuthError } from '../oauth/error.ts'
import type { Channel, FromPrimary, FromWorker, Wait } from './channel.ts'

/** Asks the primary, which counts the guesses at all workers together. */
export class RemoteGuesses implements Guesses {
  /** The primary counts. */
  readonly refused = {}
  readonly #channel: Channel<FromWorker, FromPrimary>
  readonly #asked = new Map<number, (wait: Wait | undefined) => void>()
  #last = 0

  constructor(channel: Channel<FromWorker, FromPrimary>) {
    this.#channel = channel
    channel.onMessage((message) => {
      if (message.kind !== 'verdict') return
      this.#asked.get(message.id)?.(message.wait)
      this.#asked.delete(message.id)
    })
  }

  async begin(guess: Guess): Promise<Attempt> {
    this.#last += 1
    const id = this.#last
    const wait = await new Promise<Wait | undefined>((resolve) => {
      this.#asked.set(id, resolve)
      this.#channel.send({ kind: 'guess', id, guess })
    })
    if (wait !== undefined) throw new OAuthError('too_many_guesses', wait)
    return { succeeded: () => this.#channel.send({ kind: 'guessed right', id }) }
  }

  /** The primary alone knows what has failed at other workers. */
  letThrough(): boolean {
    return false
  }
}
