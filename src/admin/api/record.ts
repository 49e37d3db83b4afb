import type { HttpRequest } from '../../http/message.ts'
import { expectedRefusal } from '../../http/respond.ts'
import { redactText } from '../../platform/redact.ts'
import { LONGEST_RECORDED } from '../../platform/text.ts'
import { NotAllowed } from '../../platform/user-error.ts'
import type { Operation } from '../operations/operation.ts'
import { refusal } from '../refusals.ts'
import type { AdminApi } from './admin-api.ts'
import type { Caller } from './caller.ts'

/** Records a call that was refused for want of authentication or of a permission. @param caller undefined if unknown */
export function recordRefusedCall(
  { audit, tenant }: Pick<AdminApi, 'audit' | 'tenant'>,
  { id }: Operation,
  caller: Caller | undefined,
  { at, remoteAddress, requestId, traceId, userAgent }: HttpRequest,
  error: unknown,
): void {
  const refused =
    error instanceof NotAllowed
      ? refusal('admin_not_allowed', { detail: { problem: error.message } })
      : expectedRefusal(error)
  if (refused === undefined || (refused.status !== 401 && refused.status !== 403)) return
  const { actor } = caller ?? {}
  audit.record({
    tenant,
    at,
    type: 'admin.refuse',
    result: 'refused',
    reason: refused.reason,
    clientId: actor?.kind === 'client' ? actor.clientId : undefined,
    remoteAddress,
    requestId,
    traceId,
    detail: {
      operation: id,
      ...refused.detail,
      ...(userAgent !== undefined && { user_agent: redactText(userAgent).slice(0, LONGEST_RECORDED) }),
    },
    ...(actor !== undefined && { actor }),
  })
}
