import type { Actor } from '../audit/actor.ts'
import type { ChangedThing } from '../audit/changes.ts'
import type { AuditEvent, AuditEventType } from '../audit/event.ts'
import { eventBy, withStatedReason } from '../audit/system-event.ts'
import type { TenantId } from '../oauth/ids.ts'
import type { Clock } from '../platform/clock.ts'
import type { RandomBytes } from '../platform/random.ts'

/** The facts of a request over HTTP that its events repeat. */
export type RequestOrigin = Pick<AuditEvent, 'requestId' | 'remoteAddress' | 'traceId'>

/** The author of a change, and the request that asked for it; undefined for a command. */
export interface Author {
  readonly actor: Actor
  readonly request?: RequestOrigin | undefined
  /** The reason that the author states. */
  readonly statedReason?: string | undefined
}

/** The parts that make events. */
export interface EventContext {
  readonly tenant: TenantId
  readonly clock: Clock
  readonly random: RandomBytes
}

interface Happening {
  readonly type: AuditEventType
  readonly detail: AuditEvent['detail']
  readonly changes?: readonly (ChangedThing | undefined)[]
}

/** The event of a change by a person, or of something that a person did. */
export const eventOf = (
  context: EventContext,
  { actor, request, statedReason }: Author,
  happening: Happening,
): AuditEvent => ({
  ...eventBy(actor, withStatedReason(happening, statedReason), context),
  ...request,
})

/** The event of a refusal. The person is not known, so the event names no actor. */
export const refusedEvent = (
  { tenant, clock }: EventContext,
  request: RequestOrigin,
  { type, detail, reason }: Happening & { readonly reason: string },
): AuditEvent => ({
  ...request,
  tenant,
  at: clock.now(),
  type,
  result: 'refused',
  reason,
  clientId: undefined,
  detail,
})
