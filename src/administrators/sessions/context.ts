import type { AuditSink } from '../../audit/sink.ts'
import type { Guesses } from '../../client-auth/throttle/guesses.ts'
import type { SealedAccountContext } from '../accounts/context.ts'
import type { SessionStore } from './store.ts'

/** The lives of sessions, in milliseconds. A reload may change them. */
interface SessionLives {
  readonly idle: number
  readonly absolute: number
}

/** The context of everything about sessions. */
export interface SessionContext extends SealedAccountContext {
  readonly sessions: SessionStore
  readonly guesses: Guesses
  readonly lives: SessionLives
  /** Takes the events of refusals. Those of successes are written with them. */
  readonly audit: Pick<AuditSink, 'record'>
}
