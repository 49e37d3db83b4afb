import type { Actor } from './actor.ts'
import type { StoredAuditEvent } from './store.ts'

/** An event as JSON, for people and for other systems. Times are ISO 8601. A damaged row may hold bytes in place of a text. */
export const eventAsJson = (event: StoredAuditEvent) => ({
  seq: event.seq,
  time: new Date(event.at).toISOString(),
  type: String(event.type),
  result: String(event.result),
  reason: textOf(event.reason),
  client_id: textOf(event.clientId),
  remote_address: textOf(event.remoteAddress),
  request_id: String(event.requestId),
  trace_id: textOf(event.traceId),
  detail: event.detail,
  actor: event.actor && actorAsJson(event.actor),
  changes: event.changes,
})

const textOf = (value: string | undefined): string | undefined => (value === undefined ? undefined : String(value))

function actorAsJson(actor: Actor) {
  if (actor.kind !== 'client') return actor
  const { clientId, ...others } = actor
  return { ...others, client_id: clientId }
}
