import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { UsageError } from '../platform/user-error.ts'
import { eventAnswer, eventAsLine } from './audit-text.ts'
import { MOST_A_PAGE, type Target } from './calls.ts'
import { given } from './fleet-options.ts'
import { type OutputOptions, showNext } from './format.ts'
import { withTarget } from './operate.ts'
import { isOutputGone, print } from './output.ts'
import { requestIdIn } from './request-id.ts'
import type { TargetOptions } from './target.ts'

interface AuditTailOptions extends OutputOptions, TargetOptions {
  readonly lines: string
  readonly follow?: true
  readonly client?: string
  readonly requestId?: string
}

type Event = z.output<typeof eventAnswer>
type Query = ReturnType<typeof given>

const FOLLOW_INTERVAL_MS = 500

const events = z.looseObject({ items: z.array(eventAnswer), next: z.string().optional() })
const newEvents = events.required({ next: true })

/** `tessera audit tail`: prints the last events, and with `--follow` also new ones. */
export async function auditTail({ lines, follow, client, requestId, ...options }: AuditTailOptions): Promise<void> {
  const query = given({ client, request_id: requestId === undefined ? undefined : requestIdIn(requestId) })
  if (!/^\d{1,7}$/.test(lines)) throw new UsageError(`--lines must be a number, not ${JSON.stringify(lines)}`)
  const show = (items: readonly Event[]) => {
    for (const event of items) showNext(options, { data: event, forPeople: () => print(eventAsLine(event)) })
  }
  await withTarget(options, async (target) => {
    const ask = (cursor: Query) =>
      target.call('audit.follow', { query: { ...query, ...cursor, limit: MOST_A_PAGE } }, newEvents)
    // The place comes first, so that no event falls between the list and the new ones.
    let place = follow && (await ask({})).next
    const last = await lastEvents(target, query, Number(lines))
    show(last)
    const shown = new Set(last.map(({ seq }) => seq))
    while (place !== undefined && !isOutputGone()) {
      const { items, next } = await ask({ cursor: place })
      show(items.filter(({ seq }) => !shown.has(seq)))
      place = next
      if (items.length < Number(MOST_A_PAGE)) await sleep(FOLLOW_INTERVAL_MS)
    }
  })
}

/** The last events, the oldest first. */
async function lastEvents(target: Target, query: Query, count: number): Promise<readonly Event[]> {
  const found: Event[] = []
  let page: Query | undefined = {}
  while (page !== undefined && found.length < count) {
    const limit = String(Math.min(count - found.length, Number(MOST_A_PAGE)))
    const { items, next }: z.output<typeof events> = await target.call(
      'audit.list',
      { query: { ...query, ...page, limit } },
      events,
    )
    found.push(...items)
    page = next === undefined ? undefined : { cursor: next }
  }
  return found.toReversed()
}
