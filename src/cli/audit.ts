import { setTimeout as sleep } from 'node:timers/promises'
import type { Actor } from '../audit/actor.ts'
import type { Changes } from '../audit/changes.ts'
import type { StoredAuditEvent } from '../audit/store.ts'
import { UsageError } from '../platform/user-error.ts'
import { withDatabase } from './database.ts'
import { type OutputOptions, showNext } from './format.ts'
import { isOutputGone, print, printable } from './output.ts'
import { requestIdIn } from './request-id.ts'

interface AuditTailOptions extends OutputOptions {
  readonly lines: string
  readonly follow?: true
  readonly client?: string
  readonly requestId?: string
  readonly config?: string
}

const FOLLOW_INTERVAL_MS = 250
const MOST_AT_ONCE = 1_000

/** `tessera audit tail`: prints the last events, and with `--follow` also new ones. */
export async function auditTail({
  lines,
  follow,
  client,
  requestId: given,
  config,
  ...output
}: AuditTailOptions): Promise<void> {
  const requestId = given === undefined ? undefined : requestIdIn(given)
  if (!/^\d{1,7}$/.test(lines)) throw new UsageError(`--lines must be a number, not ${JSON.stringify(lines)}`)
  const show = (events: readonly StoredAuditEvent[]) => {
    for (const event of events) showNext(output, { data: asJson(event), forPeople: () => print(asLine(event)) })
  }
  await withDatabase(config, async ({ store }) => {
    const last = await store.audit.listEvents({ limit: Number(lines), clientId: client, requestId })
    show(last)
    if (!follow) return
    let after = last.at(-1)?.seq ?? (await store.audit.listEvents({ limit: 1 })).at(-1)?.seq ?? 0
    while (!isOutputGone()) {
      await sleep(FOLLOW_INTERVAL_MS)
      const events = await store.audit.listEvents({ limit: MOST_AT_ONCE, after, clientId: client, requestId })
      show(events)
      after = events.at(-1)?.seq ?? after
    }
  })
}

const asJson = ({
  seq,
  at,
  type,
  result,
  reason,
  clientId,
  remoteAddress,
  requestId,
  traceId,
  detail,
  actor,
  changes,
}: StoredAuditEvent) => ({
  seq,
  time: new Date(at).toISOString(),
  type,
  result,
  reason,
  client_id: clientId,
  remote_address: remoteAddress,
  request_id: requestId,
  trace_id: traceId,
  detail,
  actor: actor && actorAsJson(actor),
  changes,
})

const actorAsJson = (actor: Actor) =>
  actor.kind === 'client' ? { kind: actor.kind, client_id: actor.clientId, way: actor.way } : actor

function asLine(event: StoredAuditEvent): string {
  const { time, type, result, seq: _, detail, actor: __, changes, ...rest } = asJson(event)
  const fields = Object.entries({ ...rest, ...detail }).filter(([, value]) => value !== undefined)
  return [
    time,
    type,
    result,
    ...(event.actor === undefined ? [] : [printable(`by ${nameOf(event.actor)}`)]),
    ...fields.map(([name, value]) => `${printable(name)}=${asField(value)}`),
    ...(changes === undefined ? [] : [printable(changesAsText(changes))]),
  ].join(' ')
}

function nameOf(actor: Actor): string {
  switch (actor.kind) {
    case 'operator':
      return `${actor.user} on ${actor.host}`
    case 'administrator':
      return `the administrator ${actor.name}`
    case 'client':
      return `the client ${actor.clientId}`
    case 'system':
      return 'the schedule'
  }
}

/** For example `(client job: enabled true -> false)`. */
function changesAsText({ things, others }: Changes): string {
  const texts = things.map(({ thing, id, before, after }) => {
    const name = `${thing} ${id}`
    if (before === null) return `new ${name}`
    if (after === null) return `removed ${name}`
    const fields = Object.keys(after).map(
      (field) => `${field} ${JSON.stringify(before[field])} -> ${JSON.stringify(after[field])}`,
    )
    return `${name}: ${fields.join(', ')}`
  })
  return `(${[...texts, ...(others > 0 ? [`and ${others} more`] : [])].join('; ')})`
}

function asField(value: unknown): string {
  const text = typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
  return printable(text)
}
