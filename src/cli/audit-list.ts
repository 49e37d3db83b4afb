import { eventAsJson } from '../audit/event-json.ts'
import { auditEventTypes } from '../audit/event-types.ts'
import { type EventFilter, LARGEST_PAGE, MOST_VALUES } from '../audit/query.ts'
import type { StoredAuditEvent } from '../audit/store.ts'
import { refusals } from '../endpoints/refusal-table.ts'
import { systemClock } from '../platform/clock.ts'
import { nearest } from '../platform/nearest.ts'
import { UserError } from '../platform/user-error.ts'
import { eventAsLine } from './audit-text.ts'
import { withDatabase } from './database.ts'
import { parsePast } from './duration.ts'
import { isForPeople, type OutputOptions, show } from './format.ts'
import { isOutputGone, print, say } from './output.ts'
import { requestIdIn } from './request-id.ts'

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

interface AuditListOptions extends EventOptions, OutputOptions {
  readonly limit: string
  readonly cursor?: string
  readonly config?: string
}

const RESULTS = ['success', 'refused']

/** `tessera audit list`: prints the events that the options choose, the newest first. */
export async function auditList(options: AuditListOptions): Promise<void> {
  const filter = toFilter(options)
  const limit = /^[1-9]\d{0,6}$/.test(options.limit) ? Number(options.limit) : undefined
  if (limit === undefined) throw new UserError(`--limit must be a number, not ${JSON.stringify(options.limit)}`)
  const { cursor, config } = options
  const isList = isForPeople(options)
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
    throw new UserError('--cursor must be what an earlier list printed as its cursor')
  await withDatabase(config, async ({ store }) => {
    const found: StoredAuditEvent[] = []
    let count = 0
    let from = cursor === undefined ? undefined : { before: Number(cursor) }
    do {
      const page = await store.audit.queryEvents({ ...filter, limit: Math.min(limit - count, LARGEST_PAGE), from })
      count += page.events.length
      if (isList) for (const event of page.events) print(eventAsLine(event))
      else found.push(...page.events)
      from = page.older
    } while (from !== undefined && count < limit && !isOutputGone())
    const next = from && String(from.before)
    const forPeople = () => {
      if (count === 0) say('no event matches')
      else if (next !== undefined) say(`there may be more: add --cursor ${next}`)
    }
    show(options, { data: { events: found.map(eventAsJson), next_cursor: next ?? null }, forPeople })
  })
}

/** The filter that options describe. @throws UserError */
export function toFilter(options: EventOptions): EventFilter {
  const now = systemClock.now()
  const { since, until, client, owner, type, result, reason, actor, requestId, credential, api } = options
  for (const values of [client, owner, type, reason])
    if ((values?.length ?? 0) > MOST_VALUES) throw new UserError(`at most ${MOST_VALUES} values may be given`)
  for (const one of type ?? []) requireKnown('--type', one, auditEventTypes)
  for (const one of reason ?? []) requireKnown('--reason', one, Object.keys(refusals))
  if (result !== undefined) requireKnown('--result', result, RESULTS)
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
  throw new UserError(`${option} ${JSON.stringify(given)}: there is no such value; ${hint}`)
}
