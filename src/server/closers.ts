import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/resolve.ts'

/** What was opened, to be closed in the reverse order. */
export class Closers {
  readonly #closers: (() => Promise<void>)[] = []

  add(close: () => Promise<void>): void {
    this.#closers.push(close)
  }

  /** What fails to close keeps nothing else from closing. Rejects then, in the end. */
  async closeAll(): Promise<void> {
    const failures: unknown[] = []
    for (const close of this.#closers.splice(0).reverse()) {
      await close().catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw new AggregateError(failures, 'the server did not close cleanly')
  }
}

/** A server's end as load balancers see it. */
export class Departure {
  #isAnnounced = false

  /** Whether nothing more should be sent here. */
  get isAnnounced(): boolean {
    return this.#isAnnounced
  }

  /** Says so, and resolves when those who are to hear it have had the time: all goes on until then. */
  announce({ delay }: Config['shutdown']): Promise<void> {
    this.#isAnnounced = true
    return sleep(delay * 1000)
  }
}
