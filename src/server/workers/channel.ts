import type { AuditEvent } from '../../audit/event.ts'
import type { Guess, Standing } from '../../client-auth/throttle/limiter.ts'
import type { PlainConfig } from '../../config/plain.ts'
import type { Snapshot } from '../../observability/snapshot.ts'

/** What a worker says to the primary. */
export type FromWorker =
  /** Events to be written. They are the primary's as soon as it has them: a worker that crashes loses none of these. */
  | { readonly kind: 'events'; readonly events: readonly AuditEvent[] }
  /** Somebody tries a secret that can be guessed; answered by `verdict`. */
  | { readonly kind: 'guess'; readonly id: number; readonly guess: Guess }
  /** The same, with the result of the attempt; `verdict` answers it, too. */
  | { readonly kind: 'concluded guess'; readonly id: number; readonly guess: Guess; readonly isRight: boolean }
  | { readonly kind: 'guessed right' | 'turned away'; readonly id: number }
  /** It wants its configuration. */
  | { readonly kind: 'starting' }
  /** It has put the last configuration in force; where it could not, why: one line for a person. */
  | { readonly kind: 'reloaded'; readonly problem?: string }
  /** What it has measured, as it was asked. */
  | { readonly kind: 'measured'; readonly id: number; readonly snapshot: Snapshot }
  /** The reasons why it can't answer as it should, one line each; sent whenever they change. */
  | { readonly kind: 'condition'; readonly problems: readonly string[] }
  /** It listens. */
  | { readonly kind: 'ready' }
  /** It can't start, and why: one line for a person. */
  | { readonly kind: 'failed'; readonly message: string }

/** What the primary says to a worker. */
export type FromPrimary =
  /** So many events were taken; whether there is room for more. */
  | {
      readonly kind: 'taken'
      readonly count: number
      readonly isFull: boolean
      readonly isFullForRefusals: boolean
    }
  /** Whether the attempt must wait. If not, and if it is still open, the standing of its client and address. */
  | { readonly kind: 'verdict'; readonly id: number; readonly wait?: Wait; readonly standing?: Standing }
  /** Asks what it has measured; answered by `measured`. */
  | { readonly kind: 'measure'; readonly id: number }
  /** To start with or, having started, to put in force. Only the primary reads it, so that all have the same. */
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
