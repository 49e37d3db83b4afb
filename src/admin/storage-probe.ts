import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../platform/clock.ts'

/** An answer serves whoever asks within this time, so that nobody has the database write more often. */
const KEPT_MS = 200
/** A load balancer waits for no longer. */
const PATIENCE_MS = 1_000

/** Whether the database takes what is written, asked five times a second at most, however often it is wanted. */
export class StorageProbe {
  readonly #write: () => Promise<void>
  readonly #clock: Clock
  #asked: { readonly at: number; readonly answer: Promise<boolean> } | undefined
  #last = true

  /** @param write rejects, in the end, where the database does not take it */
  constructor(write: () => Promise<void>, clock: Clock) {
    this.#write = write
    this.#clock = clock
  }

  /** The last answer where the next one takes long: SQLite may have to wait for another process, such as a large `apply`. */
  takesWrites(): Promise<boolean> {
    const now = this.#clock.monotonic()
    if (this.#asked === undefined || now - this.#asked.at >= KEPT_MS) this.#asked = { at: now, answer: this.#ask() }
    return Promise.race([this.#asked.answer, sleep(PATIENCE_MS, undefined, { ref: false }).then(() => this.#last)])
  }

  async #ask(): Promise<boolean> {
    this.#last = await this.#write().then(
      () => true,
      () => false,
    )
    return this.#last
  }
}
