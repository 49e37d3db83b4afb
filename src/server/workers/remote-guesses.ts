import type { Attempt, Guess, Guesses } from '../../client-auth/throttle/guesses.ts'
import { TooManyGuesses } from '../../client-auth/throttle/too-many-guesses.ts'
import type { Channel, FromPrimary, FromWorker } from './channel.ts'

type Question = Extract<FromWorker, { kind: 'guess' | 'concluded guess' }>
type Verdict = Extract<FromPrimary, { kind: 'verdict' }>

/** Asks the primary about guesses, since it counts those at all workers together. */
export class RemoteGuesses implements Guesses {
  /** Empty, since the primary counts refused guesses. */
  readonly refused = {}
  readonly #channel: Channel<FromWorker, FromPrimary>
  readonly #asked = new Map<number, (verdict: Verdict) => void>()
  #last = 0

  constructor(channel: Channel<FromWorker, FromPrimary>) {
    this.#channel = channel
    channel.onMessage((message) => {
      if (message.kind !== 'verdict') return
      this.#asked.get(message.id)?.(message)
      this.#asked.delete(message.id)
    })
  }

  async begin(guess: Guess): Promise<Attempt> {
    const { id, standing = 'new' } = await this.#ask((id) => ({ kind: 'guess', id, guess }))
    return {
      standing,
      succeeded: () => this.#channel.send({ kind: 'guessed right', id }),
      turnedAway: () => this.#channel.send({ kind: 'turned away', id }),
    }
  }

  async conclude(guess: Guess, isRight: boolean): Promise<void> {
    await this.#ask((id) => ({ kind: 'concluded guess', id, guess, isRight }))
  }

  /** Always false, since only the primary knows the failures at other workers. */
  letThrough(): boolean {
    return false
  }

  /** @throws TooManyGuesses */
  async #ask(question: (id: number) => Question): Promise<Verdict> {
    this.#last += 1
    const id = this.#last
    const verdict = await new Promise<Verdict>((resolve) => {
      this.#asked.set(id, resolve)
      this.#channel.send(question(id))
    })
    if (verdict.wait !== undefined) throw new TooManyGuesses(verdict.wait.detail, verdict.wait.retryAfter)
    return verdict
  }
}
