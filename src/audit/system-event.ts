import { DEFAULT_TENANT, type TenantId } from '../oauth/ids.ts'
import type { Clock } from '../platform/clock.ts'
import { type RandomBytes, uuidv7 } from '../platform/random.ts'
import { redactText } from '../platform/redact.ts'
import { type Actor, SYSTEM } from './actor.ts'
import { type ChangedThing, toChanges } from './changes.ts'
import type { AuditEvent, AuditEventType } from './event.ts'

/** The content of an event, without its author. */
export interface Occurrence {
  readonly type: AuditEventType
  readonly detail: AuditEvent['detail']
  readonly clientId?: string | undefined
  /** An undefined member stands for no change. */
  readonly changes?: readonly (ChangedThing | undefined)[]
}

interface Means {
  readonly clock: Clock
  readonly random: RandomBytes
}

/** An occurrence with the reason that its author states; undefined for none. */
export const withStatedReason = <Kind extends Pick<Occurrence, 'detail'>>(
  occurrence: Kind,
  reason: string | undefined,
): Kind =>
  reason === undefined
    ? occurrence
    : { ...occurrence, detail: { ...occurrence.detail, stated_reason: redactText(reason) } }

/** An event that no request has asked for: somebody has changed the model, or something was due. */
export const eventBy = (
  actor: Actor,
  { type, detail, clientId, changes }: Occurrence,
  { tenant, clock, random }: Means & { readonly tenant: TenantId },
): AuditEvent => ({
  tenant,
  at: clock.now(),
  type,
  result: 'success',
  reason: undefined,
  clientId,
  remoteAddress: undefined,
  requestId: uuidv7(clock, random),
  traceId: undefined,
  detail,
  actor,
  ...(changes && { changes: toChanges(changes) }),
})

/**
 * An event that the server itself causes, by a schedule. It is of the default tenant, whose operators run the server; a store of another
 * tenant records it as its own.
 */
export const systemEvent = (
  type: AuditEventType,
  detail: AuditEvent['detail'],
  means: Means,
  changes?: Occurrence['changes'],
): AuditEvent => eventBy(SYSTEM, { type, detail, ...(changes && { changes }) }, { ...means, tenant: DEFAULT_TENANT })
