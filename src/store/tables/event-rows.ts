import { z } from 'zod'
import { type Actor, SYSTEM, signInWays } from '../../audit/actor.ts'
import { type ChangedThing, type Changes, changedThings } from '../../audit/changes.ts'
import type { AuditEvent } from '../../audit/event.ts'
import type { HashedColumns } from '../../audit/proof/chain.ts'
import type { StoredAuditEvent } from '../../audit/store.ts'
import { TenantId } from '../../oauth/ids.ts'
import { withoutNul } from '../sql/parameters.ts'
import { json, readRow, time } from '../sql/read-row.ts'
import { claims, type Fields, type Row, texts } from './rows.ts'

const eventDetail = json(claims)
const actor: z.ZodType<Actor> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('operator'),
    user: z.string(),
    host: z.string(),
    way: z.enum(['command', 'manifest']),
    sha256: texts.exactOptional(),
  }),
  z.object({
    kind: z.literal('administrator'),
    name: z.string(),
    via: z.enum(signInWays).exactOptional(),
    way: z.enum(['api', 'console', 'manifest']),
    sha256: texts.exactOptional(),
  }),
  z.object({
    kind: z.literal('client'),
    clientId: z.string(),
    way: z.enum(['api', 'manifest']),
    sha256: texts.exactOptional(),
  }),
  z.object({ kind: z.literal(SYSTEM.kind), way: z.literal(SYSTEM.way) }),
])
const changedThing = z.object({
  thing: z.enum(changedThings),
  id: z.string(),
  name: z.string().optional(),
  owner: z.string().optional(),
  client: z.string().exactOptional(),
  before: claims.nullable(),
  after: claims.nullable(),
} satisfies Fields<ChangedThing>)

/** The columns of an event that hold JSON. */
const eventContent = z
  .object({
    detail: eventDetail,
    actor: json(actor.nullable()),
    changes: json(z.object({ things: z.array(changedThing), others: z.number() } satisfies Fields<Changes>).nullable()),
  })
  .transform(({ detail, actor, changes }) => ({ detail, ...(actor && { actor }), ...(changes && { changes }) }))

export const toAuditEvent = (row: Row<'audit_event'>): StoredAuditEvent => ({
  seq: row.seq,
  tenant: TenantId(row.tenant),
  at: time.catch(0).parse(row.at),
  type: row.type,
  result: row.result,
  reason: row.reason ?? undefined,
  clientId: row.client_id ?? undefined,
  remoteAddress: row.remote_address ?? undefined,
  requestId: row.request_id,
  traceId: row.trace_id ?? undefined,
  ...toContent(row),
})

const actorColumn = json(actor)

/** The actor of an event; undefined if it has none, or if it can't be read. */
export const toActor = (text: string | null): Actor | undefined =>
  text === null ? undefined : actorColumn.safeParse(text).data

/** An event is still shown if its detail, actor or changes can't be read. */
function toContent({ detail, actor, changes }: Row<'audit_event'>): Pick<AuditEvent, 'detail' | 'actor' | 'changes'> {
  const read = readRow(eventContent, { detail, actor: actor ?? 'null', changes: changes ?? 'null' }, {})
  if (!('problem' in read)) return read
  const alone = readRow(z.object({ detail: eventDetail }), { detail }, {})
  return { detail: { ...('problem' in alone ? {} : alone.detail), unreadable: read.problem } }
}

/** An event as it is inserted. All of them have the same columns in the same order. */
export interface EventRow extends HashedColumns {
  chain: number | null
  place: number | null
  hash: string | null
}

/** The columns of an event. Its hash is of the texts as they are stored. */
export const fromAuditEvent = (event: AuditEvent): EventRow => ({
  tenant: event.tenant,
  at: Math.floor(event.at),
  type: event.type,
  result: event.result,
  reason: event.reason ?? null,
  client_id: asStored(event.clientId),
  remote_address: asStored(event.remoteAddress),
  request_id: event.requestId,
  trace_id: event.traceId ?? null,
  detail: JSON.stringify(event.detail),
  actor: event.actor === undefined ? null : JSON.stringify(event.actor),
  changes: event.changes === undefined ? null : JSON.stringify(event.changes),
  // They are set when the event is linked. An object that gets members later would be slower.
  chain: null,
  place: null,
  hash: null,
})

const asStored = (text: string | undefined): string | null => (text === undefined ? null : withoutNul(text))
