import type { AuditEvent, AuditEventType } from '../audit/event.ts'

import type { AuditSink } from '../audit/sink.ts'
import type { AuthenticatedClient } from '../client-auth/authenticate.ts'
import type { HttpRequest } from '../http/message.ts'
import type { OAuthError } from '../oauth/error.ts'
import type { TenantId } from '../oauth/ids.ts'
import type { Clock } from '../platform/clock.ts'
import { redactFields, redactText } from '../platform/redact.ts'

/** What recording needs of the process. */
export interface Recording {
  readonly tenant: TenantId
  readonly audit: AuditSink
  readonly clock: Clock
}

/** What strangers send is recorded up to here: a refusal must not cost more to keep than to make. */
const LONGEST_RECORDED = 256

/** Records that a request of an authenticated client did what it asked for. */
export function recordSuccess(
  { tenant, audit, clock }: Recording,
  http: HttpRequest,
  type: AuditEventType,
  { client, method, credentialId }: AuthenticatedClient,
  detail: AuditEvent['detail'],
): void {
  audit.record({
    tenant,
    at: clock.now(),
    type,
    result: 'success',
    reason: undefined,
    clientId: client.id,
    remoteAddress: http.remoteAddress,
    requestId: http.requestId,
    traceId: http.traceId,
    detail: { method, credential: credentialId, ...detail, user_agent: userAgent(http) },
  })
}

/** Records that a request was refused, and why. @param client undefined where none was authenticated */
export function recordRefusal(
  { tenant, audit, clock }: Recording,
  http: HttpRequest,
  type: AuditEventType,
  client: AuthenticatedClient | undefined,
  error: OAuthError,
): void {
  // Where no event can be kept, this one can't be either.
  if (error.reason === 'audit_full') return
  const { client_id: claimed, ...detail } = error.detail
  const claimedId = typeof claimed === 'string' ? redactText(claimed).slice(0, LONGEST_RECORDED) : undefined
  audit.record({
    tenant,
    at: clock.now(),
    type,
    result: 'refused',
    reason: error.reason,
    clientId: client?.client.id ?? claimedId,
    remoteAddress: http.remoteAddress,
    requestId: http.requestId,
    traceId: http.traceId,
    detail: {
      ...(client && { method: client.method, credential: client.credentialId }),
      ...redactFields(detail),
      user_agent: userAgent(http),
    },
  })
}

const userAgent = ({ headers: { 'user-agent': name } }: HttpRequest): string | undefined =>
  name && redactText(name).slice(0, LONGEST_RECORDED)
