import { z } from 'zod'
import { auditResults } from '../audit/event.ts'
import { auditEventTypes } from '../audit/event-types.ts'
import { type EventFilter, MOST_VALUES } from '../audit/query.ts'
import { refusals } from '../endpoints/refusal-table.ts'
import { systemClock } from '../platform/clock.ts'
import { nearest } from '../platform/nearest.ts'
import { UsageError } from '../platform/user-error.ts'
import { eventAnswer, eventAsLine } from './audit-text.ts'
import { MOST_A_PAGE } from './calls.ts'
import { parsePast } from './duration.ts'
import { given } from './fleet-options.ts'
import { isForPeople, type OutputOptions, show } from './format.ts'
import { withTarget } from './operate.ts'
import { isOutputGone, print, say } from './output.ts'
import { requestIdIn } from './request-id.ts'
import type { TargetOptions } from './target.ts'

/** The options of `audit list` that choose events. */
export interface EventOptions {
  readonly since?: string
  readonly until?: string
  readonly client?: readonly string[]
  readonly owner?: readonly string[]
  readonly type?: readonly string[]
  readonly result?: string
  readonly reason?: readonly string[]
  readonly actor?: string
  readonly requestId?: string
  readonly credential?: string
  readonly api?: string
}

interface AuditListOptions extends EventOptions, OutputOptions, Omit<TargetOptions, 'reason'> {
  readonly limit: string
  readonly cursor?: string
}

const page = z.looseObject({ items: z.array(eventAnswer), next: z.string().optional() })

/** The place where a list goes on. A cursor of the admin API is valid for the same span only, which may be given beside now. */
const place = z.tuple([z.string(), z.string().nullable(), z.string().nullable()])

/** `tessera audit list`: prints the events that the options choose, the newest first. */
export async function auditList(options: AuditListOptions): Promise<void> {
  const { cursor: from, limit: most } = options
  const filter = queryOf(toFilter(options))
  const limit = /^[1-9]\d{0,6}$/.test(most) ? Number(most) : undefined
  if (limit === undefined) throw new UsageError(`--limit must be a number, not ${JSON.stringify(most)}`)
  const start = from === undefined ? undefined : openPlace(from)
  const query = { ...filter, ...start?.span }
  const isList = isForPeople(options)
  const { reason: _, ...named } = options
  await withTarget(named, async (target) => {
    const found: z.output<typeof eventAnswer>[] = []
    let count = 0
    let cursor = start?.cursor
    do {
      const asked = { ...query, ...given({ cursor }), limit: String(Math.min(limit - count, Number(MOST_A_PAGE))) }
      const { items, next }: z.output<typeof page> = await target.call('audit.list', { query: asked }, page)
      count += items.length
      if (isList) for (const event of items) print(eventAsLine(event))
      else found.push(...items)
      cursor = next
    } while (cursor !== undefined && count < limit && !isOutputGone())
    const next = cursor && sealPlace([cursor, query['since'] ?? null, query['until'] ?? null])
    const forPeople = () => {
      if (count === 0) say('no event matches')
      else if (next !== undefined) say(`there may be more: add --cursor ${next}`)
    }
    show(options, { data: { events: found, next_cursor: next ?? null }, forPeople })
  })
}

const sealPlace = (given: readonly unknown[]): string => Buffer.from(JSON.stringify(given)).toString('base64url')

function openPlace(text: string) {
  try {
    const [cursor, since, until] = place.parse(JSON.parse(Buffer.from(text, 'base64url').toString()))
    return { cursor, span: given({ since: since ?? undefined, until: until ?? undefined }) }
  } catch {
    throw new UsageError('--cursor must be what an earlier list printed as its cursor')
  }
}

/** The parameters of an operation for a filter. */
const queryOf = (filter: EventFilter) =>
  given({
    since: filter.since === undefined ? undefined : new Date(filter.since).toISOString(),
    until: filter.until === undefined ? undefined : new Date(filter.until).toISOString(),
    client: filter.clientIds,
    owner: filter.owners,
    type: filter.types,
    result: filter.result,
    reason: filter.reasons,
    actor: filter.actor,
    request_id: filter.requestId,
    credential: filter.credential,
    api: filter.audience,
  })

/** The filter that options describe. @throws UserError */
export function toFilter(options: EventOptions): EventFilter {
  const now = systemClock.now()
  const { since, until, client, owner, type, result, reason, actor, requestId, credential, api } = options
  for (const values of [client, owner, type, reason])
    if ((values?.length ?? 0) > MOST_VALUES) throw new UsageError(`at most ${MOST_VALUES} values may be given`)
  for (const one of type ?? []) requireKnown('--type', one, auditEventTypes)
  for (const one of reason ?? []) requireKnown('--reason', one, Object.keys(refusals))
  if (result !== undefined) requireKnown('--result', result, auditResults)
  return {
    since: since === undefined ? undefined : parsePast(since, '--since', now),
    until: until === undefined ? undefined : parsePast(until, '--until', now),
    clientIds: client,
    owners: owner,
    types: type,
    result,
    reasons: reason,
    actor,
    requestId: requestId === undefined ? undefined : requestIdIn(requestId),
    credential,
    audience: api,
  }
}

/** @throws UserError if no event has such a value */
function requireKnown(option: string, given: string, known: readonly string[]): void {
  if (known.includes(given)) return
  const meant = nearest(given, known)
  const hint =
    meant !== undefined
      ? `did you mean ${meant}?`
      : known.length < 30
        ? `it is one of ${known.join(', ')}`
        : 'docs/reference/refusals.md lists them'
  throw new UsageError(`${option} ${JSON.stringify(given)}: there is no such value; ${hint}`)
}
