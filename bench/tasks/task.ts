/** What servers are asked to do: one file a task. */

import type { BenchClient } from '../fleet.ts'
import type { Requests } from '../load/order.ts'
import type { BenchServer } from '../servers/server.ts'

export interface Task {
  /**
   * Looks whether a server that listens at `origin` does the task right, and makes what it is put under load with.
   * Rejects where it does anything else than it should.
   */
  prepare(server: BenchServer, origin: string, clients: readonly [BenchClient, ...BenchClient[]]): Promise<Work>
}

/** What to put a server under load with. */
export interface Work {
  readonly requests: Requests
  /** Tokens that the server has issued while this was made. */
  readonly issued: number
  /** Tokens that it issues with each answer. */
  readonly issuedByEach: 0 | 1
}
