import type { AuditEvent } from '../../audit/event.ts'
import type { Guess, Standing } from '../../client-auth/throttle/guesses.ts'
import type { PlainConfig } from '../../config/plain.ts'
import type { Snapshot } from '../../observability/snapshot.ts'

/** A message from a worker to the primary. */
export type FromWorker =
  /** Audit events to write. Once sent, they survive a crash of the worker. */
  | { readonly kind: 'events'; readonly events: readonly AuditEvent[] }
  /** A client tries a chosen secret, which can be guessed. `verdict` answers it. */
  | { readonly kind: 'guess'; readonly id: number; readonly guess: Guess }
  /** Like `guess`, with the result of the attempt. `verdict` answers it, too. */
  | { readonly kind: 'concluded guess'; readonly id: number; readonly guess: Guess; readonly isRight: boolean }
  | { readonly kind: 'guessed right' | 'turned away'; readonly id: number }
  /** The worker asks for its configuration. */
  | { readonly kind: 'starting' }
  /** The worker has put the last configuration in force. If it could not, `problem` says why in one line for a person. */
  | { readonly kind: 'reloaded'; readonly problem?: string }
  /** The metrics of the worker, in answer to `measure`. */
  | { readonly kind: 'measured'; readonly id: number; readonly snapshot: Snapshot }
  /** The reasons why the worker can't answer as it should, one line each. It sends them whenever they change. */
  | { readonly kind: 'condition'; readonly problems: readonly string[] }
  /** The worker listens. */
  | { readonly kind: 'ready' }
  /** The worker still handles events. It says so every second once it listens. */
  | { readonly kind: 'alive' }
  /** The worker can't start. `message` says why in one line for a person. */
  | { readonly kind: 'failed'; readonly message: string }

/** A message from the primary to a worker. */
export type FromPrimary =
  /** The primary has taken `count` events. The flags say whether it has room for more. */
  | {
      readonly kind: 'taken'
      readonly count: number
      readonly isFull: boolean
      readonly isFullForRefusals: boolean
    }
  /** The answer to a guess: `wait` if the attempt must wait, or else, if it is open, the standing of its client and address. */
  | { readonly kind: 'verdict'; readonly id: number; readonly wait?: Wait; readonly standing?: Standing }
  /** Asks for metrics. `measured` answers it. */
  | { readonly kind: 'measure'; readonly id: number }
  /** The configuration to start with or to put in force. Only the primary reads it, so that all workers have the same. */
  | { readonly kind: 'config'; readonly config: PlainConfig }

/** The reason why an attempt must wait, as `GuessLimiter` gives it, and for how many seconds. */
export interface Wait {
  readonly detail: Readonly<Record<string, unknown>>
  readonly retryAfter: number
}

/** One end of the channel between two processes. */
export interface Channel<Out, In> {
  /** Hands a message to the system before it returns, as long as there is room in its buffers. */
  send(message: Out): void
  onMessage(take: (message: In) => void): void
}
