/**
 * The interface of measured servers. Each has a file, and each that we write has one for its process. May import `src`.
 */

import type { BenchClient, Presents, TokenKind } from '../fleet.ts'
import type { Program, Workspace } from '../workspace.ts'

/**
 * A server that issues tokens to `clients` and may introspect them, at the paths and with the claims of `fleet.ts`. It
 * listens on a free port of 127.0.0.1, and prints `http://127.0.0.1:` with the port.
 */
export interface BenchServer {
  readonly name: string
  readonly tokens: TokenKind
  /** The credential of its clients; a generated secret by default. */
  readonly presents?: Presents
  /** Whether its tokens are bound to the key of a DPoP proof. */
  readonly isBound?: boolean
  /** It gives one answer to all introspections, without a look at the token. */
  readonly isBlind?: boolean
  /** Only this many clients ask, from the first on; all by default. */
  readonly asking?: number
  /** Makes the server's files in its own folder. @returns how to start it */
  prepare(
    workspace: Workspace,
    folder: string,
    clients: readonly [BenchClient, ...BenchClient[]],
  ): Promise<PreparedServer>
}

export interface PreparedServer extends Program {
  /** Checks after the stop that the server did its work for `tokens` tokens. Rejects if it didn't. */
  inspect?(tokens: number): Promise<void>
}
