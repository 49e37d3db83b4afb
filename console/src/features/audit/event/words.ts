import { audit as t } from '../../../texts/audit.ts'
import type { AuditEvent } from '../queries.ts'

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** The type of an event in words. */
export function titleOf({ type, result }: Pick<AuditEvent, 'type' | 'result'>): string {
  const refused = result === 'refused' ? t.refusedTypes[type] : undefined
  return refused ?? (t.types as Readonly<Record<string, string>>)[type] ?? type
}

/** The things that an event is about, such as the client or the changed API. */
export function subjectOf({ client_id: client, changes, detail }: AuditEvent): string | undefined {
  const [first, ...others] = changes?.things ?? []
  if (first === undefined) return client ?? text(detail?.['name']) ?? text(detail?.['kid']) ?? text(detail?.['group'])
  const name = first.name ?? first.id
  const count = others.length + (changes?.others ?? 0)
  const own = first.client === undefined ? name : `${first.client} / ${name}`
  return count === 0 ? own : `${own} +${count}`
}

/** The author of an event. A request of a client has none beside the client. */
export function actorOf({ actor }: AuditEvent): string | undefined {
  if (actor === undefined) return undefined
  if (actor.kind === 'system') return t.schedule
  if (actor.kind === 'operator') return t.operator(actor['user'], actor['host'])
  return text(actor['name']) ?? text(actor['client_id'])
}

export const wayOf = ({ actor }: AuditEvent): string | undefined =>
  actor && ((t.ways as Readonly<Record<string, string>>)[actor.way] ?? actor.way)

/** Whether the server can explain the refusal: it explains requests of clients, and none of administrators. */
export const isExplained = ({ type, result }: AuditEvent): boolean =>
  result === 'refused' && (type.startsWith('token.') || type === 'request.refuse')

/** The name of an event in an address. */
export const linkOf = ({ request_id: id, seq }: AuditEvent): string => `event:${id}/${seq}`
