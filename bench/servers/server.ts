/** What is measured: one file a server, and one for the process of each that we write. May import `src`. */

import type { BenchClient, Presents, TokenKind } from '../fleet.ts'
import type { Program, Workspace } from '../workspace.ts'

/**
 * A server that issues tokens to `clients`, and perhaps introspects them, as `fleet.ts` says which, at the paths that it
 * says. It listens on a port of 127.0.0.1 that it chooses, and says which: `http://127.0.0.1:` and the port.
 */
export interface BenchServer {
  readonly name: string
  readonly tokens: TokenKind
  /** What its clients prove with who they are; a generated secret unless said otherwise. */
  readonly presents?: Presents
  /** Whether its tokens are bound to the key of a DPoP proof. */
  readonly isBound?: boolean
  /** It has one answer to all introspections, and does not look at the token. */
  readonly isBlind?: boolean
  /** So many of the clients ask, the first ones; all of them unless said otherwise. */
  readonly asking?: number
  /** Makes what the server needs, in a folder of its own. @returns how it is started */
  prepare(
    workspace: Workspace,
    folder: string,
    clients: readonly [BenchClient, ...BenchClient[]],
  ): Promise<PreparedServer>
}

export interface PreparedServer extends Program {
  /** Looks, once it has stopped, whether it did all that it should have for so many tokens. Rejects where it didn't. */
  inspect?(tokens: number): Promise<void>
}
