import type { Actor } from './actor.ts'
import type { StoredAuditEvent } from './store.ts'

/** An event as JSON, for people and for other systems. Times are ISO 8601. */
export const eventAsJson = (event: StoredAuditEvent) => ({
  seq: event.seq,
  time: new Date(event.at).toISOString(),
  type: event.type,
  result: event.result,
  reason: event.reason,
  client_id: event.clientId,
  remote_address: event.remoteAddress,
  request_id: event.requestId,
  trace_id: event.traceId,
  detail: event.detail,
  actor: event.actor && actorAsJson(event.actor),
  changes: event.changes,
})

const actorAsJson = (actor: Actor) =>
  actor.kind === 'client' ? { kind: actor.kind, client_id: actor.clientId, way: actor.way } : actor
