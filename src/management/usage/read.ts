import { UserError } from '../../platform/user-error.ts'
import { slicesOf } from '../../usage/slices.ts'
import { type Dimension, resolutions, type UsageQuery, type UsageSum } from '../../usage/store.ts'
import type { ManagementContext } from '../context.ts'
import { RunningTotals, type Totals } from './totals.ts'
import { queryOf, refuseMany, type UsageWindow } from './window.ts'

export type UsageKey = 'time' | 'client' | 'api' | 'credential'

export interface UsageRequest extends UsageWindow {
  /** The rows: one for each interval, client, API or credential that has usage. */
  readonly by: UsageKey
  /** The `next` of the page before; undefined for the first page. */
  readonly after?: string | undefined
  /** The most rows of a page. */
  readonly limit: number
}

export interface UsageRow extends Totals {
  /** The id or, by time, the beginning of the interval (ISO 8601). Empty if no API was named or no credential was verified. */
  readonly key: string
}

export interface UsagePage {
  readonly rows: readonly UsageRow[]
  /** The `after` of the next page; undefined if this is the last one. */
  readonly next: string | undefined
}

/** The usage of some time, row by row in the order of the keys. @throws UserError if the question is too large */
export async function readUsage(context: ManagementContext, request: UsageRequest): Promise<UsagePage> {
  const { by, after, limit } = request
  const query = queryOf(context, request)
  if (by === 'time') return pageByTime(context, query, after, limit)
  if (by === 'client') return pageByClient(context, query, after, limit)
  const sums = await sumBy(context, query, by)
  const later = [...sums.keys()].filter((key) => after === undefined || key > after).sort()
  return pageOf(
    later.slice(0, limit + 1).map((key) => rowOf(key, sums.get(key))),
    limit,
  )
}

/** The totals of some time. */
export async function readTotals(context: ManagementContext, window: UsageWindow): Promise<Totals> {
  const totals = new RunningTotals()
  const query = queryOf(context, window)
  for await (const sums of slicesOf(context.store.usage, query, []))
    for (const sum of sums) totals.add(sum, query.filter.api !== undefined)
  return totals
}

/** The totals of each client, API or credential. @throws UserError if they are too many for memory */
export async function sumBy(
  { store }: ManagementContext,
  query: UsageQuery,
  by: Exclude<Dimension, 'at'>,
): Promise<ReadonlyMap<string, RunningTotals>> {
  const totals = new Map<string, RunningTotals>()
  const isOfApi = by === 'api' || query.filter.api !== undefined
  for await (const sums of slicesOf(store.usage, query, [by])) {
    for (const sum of sums) addTo(totals, sum[by] ?? '', sum, isOfApi)
    refuseMany(totals.size)
  }
  return totals
}

function addTo(totals: Map<string, RunningTotals>, key: string, sum: UsageSum, isOfApi: boolean): void {
  const known = totals.get(key) ?? new RunningTotals()
  known.add(sum, isOfApi)
  if (!known.isEmpty) totals.set(key, known)
}

async function pageByTime(
  { store }: ManagementContext,
  query: UsageQuery,
  after: string | undefined,
  limit: number,
): Promise<UsagePage> {
  const last = after === undefined ? Number.NEGATIVE_INFINITY : Date.parse(after)
  if (Number.isNaN(last)) throw new UserError('the place to continue at is not one that an earlier page named')
  const since = Math.max(query.since, last + resolutions[query.resolution])
  const totals = new Map<string, RunningTotals>()
  for await (const sums of slicesOf(store.usage, { ...query, since }, ['at'])) {
    for (const sum of sums) addTo(totals, new Date(sum.at ?? 0).toISOString(), sum, query.filter.api !== undefined)
    if (totals.size > limit && query.filter.clients === undefined) break
  }
  const rows = [...totals].sort(([one], [other]) => (one < other ? -1 : 1)).slice(0, limit + 1)
  return pageOf(
    rows.map(([key, sum]) => rowOf(key, sum)),
    limit,
  )
}

/** Clients may be many, so only those of the page are summed. */
async function pageByClient(
  context: ManagementContext,
  query: UsageQuery,
  after: string | undefined,
  limit: number,
): Promise<UsagePage> {
  const clients = await context.store.usage.clientsWith(query, after, limit + 1)
  const filter = { ...query.filter, clients: clients.slice(0, limit) }
  const sums = await sumBy(context, { ...query, filter }, 'client')
  const rows = filter.clients.map((client) => rowOf(client, sums.get(client)))
  return { rows, next: clients.length > limit ? filter.clients.at(-1) : undefined }
}

const rowOf = (key: string, totals: Totals = new RunningTotals()): UsageRow => {
  const { issued, refused, reasons, tokenSeconds } = totals
  return { key, issued, refused, reasons, tokenSeconds }
}

function pageOf(rows: readonly UsageRow[], limit: number): UsagePage {
  const page = rows.slice(0, limit)
  return { rows: page, next: rows.length > limit ? page.at(-1)?.key : undefined }
}
