/** The tasks for servers, one file each. */

import type { BenchClient } from '../fleet.ts'
import type { Requests } from '../load/order.ts'
import type { BenchServer } from '../servers/server.ts'

export interface Task {
  /** Checks that the server at `origin` does the task right, and makes its load. Rejects if it misbehaves. */
  prepare(server: BenchServer, origin: string, clients: readonly [BenchClient, ...BenchClient[]]): Promise<Work>
}

/** The load for a server. */
export interface Work {
  readonly requests: Requests
  /** Tokens that the server issued during the preparation. */
  readonly issued: number
  /** Tokens that each answer issues. */
  readonly issuedByEach: 0 | 1
}
