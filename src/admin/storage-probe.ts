import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../platform/clock.ts'

/** An answer is reused for this long, so that frequent probes don't make the database write more often. Milliseconds. */
const KEPT_MS = 200
/** Load balancers give up at about this time. Milliseconds. */
const PATIENCE_MS = 1_000

/** Knows whether the database accepts writes. It asks the database at most five times a second. */
export class StorageProbe {
  readonly #write: () => Promise<void>
  readonly #clock: Clock
  #asked: { readonly at: number; readonly answer: Promise<boolean> } | undefined
  #last = true

  /** @param write rejects if the database does not accept the write */
  constructor(write: () => Promise<void>, clock: Clock) {
    this.#write = write
    this.#clock = clock
  }

  /** Returns the previous answer if the next one takes long. Another process, such as a large `apply`, may keep SQLite busy. */
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
