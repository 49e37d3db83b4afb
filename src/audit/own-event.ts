import type { Clock } from '../platform/clock.ts'
import { type RandomBytes, uuidv7 } from '../platform/random.ts'
import type { AuditEvent, AuditEventType } from './event.ts'

/** Makes the event of an action that a command or a schedule took, not a request. */
export const ownEvent = (
  type: AuditEventType,
  detail: AuditEvent['detail'],
  { clock, random }: { readonly clock: Clock; readonly random: RandomBytes },
): AuditEvent => ({
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
