import type { TenantId } from '../oauth/ids.ts'
import type { Actor } from './actor.ts'
import type { Changes } from './changes.ts'
import type { AuditEventType } from './event-types.ts'

/** The results of events. */
export const auditResults = ['success', 'refused'] as const

/** One recorded action. It never contains a secret or a token. */
export interface AuditEvent {
  readonly tenant: TenantId
  /** Milliseconds. */
  readonly at: number
  readonly type: AuditEventType
  readonly result: (typeof auditResults)[number]
  /** The reason of a refusal. */
  readonly reason: string | undefined
  /** The `client_id` as presented. The client is authenticated only if the detail names a method. */
  readonly clientId: string | undefined
  /** The address that the request came from. */
  readonly remoteAddress: string | undefined
  readonly requestId: string
  /** The caller's trace (W3C Trace Context §3.2.2.3), if it sent one. */
  readonly traceId: string | undefined
  /** More for administrators: scope, audience, `jti`, method, user agent. */
  readonly detail: Readonly<Record<string, unknown>>
  /** The author, if no request caused the event. */
  readonly actor?: Actor
  /** The changes of the model. */
  readonly changes?: Changes
}

export type { AuditEventType } from './event-types.ts'
