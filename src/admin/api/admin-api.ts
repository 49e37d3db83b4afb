import type { AuditSink } from '../../audit/sink.ts'
import type { HttpRequest } from '../../http/message.ts'
import type { TenantId } from '../../oauth/ids.ts'
import type { CallContext } from '../operations/call-context.ts'
import type { Operation } from '../operations/operation.ts'
import type { Authenticate, Caller } from './caller.ts'
import type { Idempotency } from './idempotency.ts'
import type { Turns } from './turns.ts'

/** The parts of the server on which every call depends. */
export interface AdminApi {
  readonly operations: readonly Operation[]
  /** The ways of authentication. The first one that a request uses counts. */
  readonly authenticate: readonly Authenticate[]
  /** The context of a call by this caller. */
  readonly contextFor: (caller: Caller, request: HttpRequest) => Omit<CallContext, 'precondition'>
  readonly idempotency: Idempotency
  readonly turns: Turns
  readonly tenant: TenantId
  /** Takes the events of refused calls. */
  readonly audit: AuditSink
  readonly onDefect: (error: unknown, requestId: string) => void
}
