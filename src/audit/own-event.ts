import { DEFAULT_TENANT } from '../oauth/ids.ts'
import type { Clock } from '../platform/clock.ts'
import { type RandomBytes, uuidv7 } from '../platform/random.ts'
import type { AuditEvent, AuditEventType } from './event.ts'

/**
 * An event of something that was done here, by a command or a schedule, rather than asked for by a request. It is of the default
 * tenant, whose operators run the server; a store of another tenant records it as its own.
 */
export const ownEvent = (
  type: AuditEventType,
  detail: AuditEvent['detail'],
  { clock, random }: { readonly clock: Clock; readonly random: RandomBytes },
): AuditEvent => ({
  tenant: DEFAULT_TENANT,
  at: clock.now(),
  type,
  result: 'success',
  reason: undefined,
  clientId: undefined,
  remoteAddress: undefined,
  requestId: uuidv7(clock, random),
  traceId: undefined,
  detail,
})
