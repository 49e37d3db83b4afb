import type { AuditEvent, AuditEventType } from '../audit/event.ts'
import type { AuditSink } from '../audit/sink.ts'
import type { AuthenticatedClient } from '../client-auth/authenticate.ts'
import type { RequestFacts } from '../http/message.ts'
import type { Directory } from '../model/directory/directory.ts'
import { type Audience, ClientId, type TenantId } from '../oauth/ids.ts'
import type { Refusal } from '../oauth/refusal.ts'
import { redactFields, redactText } from '../platform/redact.ts'
import { LONGEST_RECORDED } from '../platform/text.ts'
import type { IssuedToken } from '../tokens/issue.ts'
import type { UsageCounter } from '../usage/counter.ts'

/** The parts of the server on which recording depends. */
export interface Recording {
  readonly tenant: TenantId
  readonly audit: Pick<AuditSink, 'isFull' | 'record'>
  readonly usage: UsageCounter
}

/** Records the success of an authenticated client's request. */
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

/** Records that a request was refused, and why. @param client undefined if none was authenticated */
export function recordRefusal(
  { tenant, audit }: Recording,
  facts: RequestFacts,
  type: AuditEventType,
  client: AuthenticatedClient | undefined,
  error: Refusal,
): void {
  // A full audit log has no room for this event, either.
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

/** Counts an issued token in the usage of its client. */
export const countIssued = (
  { usage }: Recording,
  { at }: RequestFacts,
  { client, credentialId }: AuthenticatedClient,
  { claims, lifetime }: IssuedToken,
): void => usage.issued(client.id, credentialId, claims.aud, { lifetime, at })

/**
 * Counts a refused request for a token in the usage of its client. If the client was not authenticated, it counts only if it is in
 * memory, as each client is that a request has tried. So ids that a stranger makes up are not counted.
 * @param api the API that the request named
 */
export function countRefused(
  { usage }: Recording,
  directory: Pick<Directory, 'inMemory'>,
  { at }: RequestFacts,
  error: Refusal,
  authenticated: AuthenticatedClient | undefined,
  api: Audience | undefined,
): void {
  const { reason } = error
  if (authenticated !== undefined) {
    usage.refused(authenticated.client.id, authenticated.credentialId, api, { reason, at })
    return
  }
  const { client_id: claimed, credential } = error.detail
  const client = typeof claimed === 'string' ? directory.inMemory(ClientId(claimed)) : undefined
  if (client === undefined) return
  // For example an expired credential.
  const verified = credential === undefined ? undefined : client.credentials.all.find(({ id }) => id === credential)
  usage.refused(client.id, verified?.id, undefined, { reason, at })
}

const userAgent = ({ userAgent: name }: RequestFacts): string | undefined =>
  name && redactText(name).slice(0, LONGEST_RECORDED)
