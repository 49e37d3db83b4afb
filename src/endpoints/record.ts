import type { AuditEvent, AuditEventType } from '../audit/event.ts'
import type { AuditSink } from '../audit/sink.ts'
import type { AuthenticatedClient } from '../client-auth/authenticate.ts'
import type { RequestFacts } from '../http/message.ts'
import type { TenantId } from '../oauth/ids.ts'
import type { Refusal } from '../oauth/refusal.ts'
import { redactFields, redactText } from '../platform/redact.ts'

/** What recording needs of the process. */
export interface Recording {
  readonly tenant: TenantId
  readonly audit: AuditSink
}

/** What strangers send is recorded up to here: a refusal must not cost more to keep than to make. */
const LONGEST_RECORDED = 256

/** Records that a request of an authenticated client did what it asked for. */
export function recordSuccess(
  { tenant, audit }: Recording,
  facts: RequestFacts,
  type: AuditEventType,
  { client, method, credentialId }: AuthenticatedClient,
  detail: AuditEvent['detail'],
): void {
  audit.record({
    tenant,
    at: facts.at,
    type,
    result: 'success',
    reason: undefined,
    clientId: client.id,
    remoteAddress: facts.remoteAddress,
    requestId: facts.requestId,
    traceId: facts.traceId,
    detail: { method, credential: credentialId, ...detail, user_agent: userAgent(facts) },
  })
}

/** Records that a request was refused, and why. @param client undefined where none was authenticated */
export function recordRefusal(
  { tenant, audit }: Recording,
  facts: RequestFacts,
  type: AuditEventType,
  client: AuthenticatedClient | undefined,
  error: Refusal,
): void {
  // Where no event can be kept, this one can't be either.
  if (error.reason === 'audit_full') return
  const { client_id: claimed, ...detail } = error.detail
  const claimedId = typeof claimed === 'string' ? redactText(claimed).slice(0, LONGEST_RECORDED) : undefined
  audit.record({
    tenant,
    at: facts.at,
    type,
    result: 'refused',
    reason: error.reason,
    clientId: client?.client.id ?? claimedId,
    remoteAddress: facts.remoteAddress,
    requestId: facts.requestId,
    traceId: facts.traceId,
    detail: {
      ...(client && { method: client.method, credential: client.credentialId }),
      ...redactFields(detail),
      user_agent: userAgent(facts),
    },
  })
}

const userAgent = ({ userAgent: name }: RequestFacts): string | undefined =>
  name && redactText(name).slice(0, LONGEST_RECORDED)
