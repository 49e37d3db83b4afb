import type { TenantId } from '../oauth/ids.ts'
import type { Reason } from '../oauth/refusals.ts'

/** One thing that happened. Never holds a secret or a token. */
export interface AuditEvent {
  readonly tenant: TenantId
  /** Milliseconds. */
  readonly at: number
  readonly type: AuditEventType
  readonly result: 'success' | 'refused'
  /** Why it was refused. */
  readonly reason: Reason | undefined
  /** Who: the `client_id` as presented; authenticated only where the detail says by which method. */
  readonly clientId: string | undefined
  /** The address it came from. */
  readonly remoteAddress: string | undefined
  readonly requestId: string
  /** The caller's trace (W3C Trace Context §3.2.2.3), where it sent one. */
  readonly traceId: string | undefined
  /** What else an administrator wants to know: scope, audience, `jti`, method, user agent. */
  readonly detail: Readonly<Record<string, unknown>>
}

/**
 * `request.refuse`: the request was refused before an endpoint saw it. `audit.lost`: some events found no room while the database
 * did not write.
 */
export type AuditEventType =
  | 'token.issue'
  | 'token.introspect'
  | 'token.revoke'
  | 'request.refuse'
  | 'audit.lost'
  | 'manifest.apply'
  | 'key.change'
  | 'master_key.change'
  | 'revocation.add'
  | 'credential.add'
  | 'credential.change'
  | 'credential.rotate'
  | 'credential.cancel'
  | 'credential.revoke'
  | 'credential.remove'
  | 'credential.expiring'
  | 'client.change'
  | 'database.restore'
