import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/resolve.ts'

/**
 * Closes resources, last opened first. Node's stack keeps the order. The errors are kept here, since a log does not show those within
 * Node's `SuppressedError`.
 */
export class ShutdownStack {
  readonly #stack = new AsyncDisposableStack()
  readonly #errors: unknown[] = []

  add(close: () => Promise<void>): void {
    this.#stack.defer(() => close().catch((error: unknown) => void this.#errors.push(error)))
  }

  /** Runs every close function, even if some fail. @throws AggregateError with all their errors */
  async close(): Promise<void> {
    await this.#stack.disposeAsync()
    const errors = this.#errors.splice(0)
    if (errors.length > 0) throw new AggregateError(errors, 'the server did not close cleanly')
  }
}

/** Takes a server out of its load balancers before it stops. */
export class Drain {
  #isAnnounced = false

  /** Whether `/readyz` tells load balancers to send no more requests. */
  get isAnnounced(): boolean {
    return this.#isAnnounced
  }

  /** Makes `/readyz` fail, and resolves after load balancers had time to notice. Until then, the server answers as before. */
  announce({ delay }: Config['shutdown']): Promise<void> {
    this.#isAnnounced = true
    return sleep(delay * 1000)
  }
}
