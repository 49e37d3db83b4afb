import { DAY_MS } from '../../platform/clock.ts'
import type { UsageFilter } from '../../usage/store.ts'
import { ownersFor } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'
import { readTotals, sumBy } from './read.ts'
import { queryOf, type UsageWindow } from './window.ts'

interface Requests {
  readonly issued: number
  readonly refused: number
}

/** The token requests of the last time. */
export interface RecentUsage {
  readonly hour: Requests
  readonly day: Requests
  /** Today and the six days before, in UTC. */
  readonly week: Requests
}

const HOUR_MS = DAY_MS / 24
const WEEK_MS = 6 * DAY_MS
const MOST_APIS = 100

/** The token requests of the last hour, day and week; undefined if the author may see no usage. */
export async function recentUsage(context: ManagementContext, filter: UsageFilter): Promise<RecentUsage | undefined> {
  if (!seesUsage(context)) return undefined
  const since = async (resolution: UsageWindow['resolution'], span: number): Promise<Requests> => {
    const { issued, refused } = await readTotals(context, windowOf(context, resolution, span, filter))
    return { issued, refused }
  }
  return {
    hour: await since('minute', HOUR_MS),
    day: await since('hour', DAY_MS),
    week: await since('day', WEEK_MS),
  }
}

/** The tokens of the last week, by API, the most first; empty if the author may see no usage. */
export async function issuedLastWeek(
  context: ManagementContext,
  filter: UsageFilter,
): Promise<ReadonlyMap<string, number>> {
  if (!seesUsage(context)) return new Map()
  const sums = await sumBy(context, queryOf(context, windowOf(context, 'day', WEEK_MS, filter)), 'api')
  return new Map(
    [...sums]
      .flatMap(([audience, { issued }]): [string, number][] => (issued === 0 ? [] : [[audience, issued]]))
      .toSorted(([, few], [, many]) => many - few)
      .slice(0, MOST_APIS),
  )
}

function seesUsage({ authority }: ManagementContext): boolean {
  const seen = ownersFor(authority, 'usage:read')
  return seen === 'all' || seen.length > 0
}

function windowOf(
  { clock }: ManagementContext,
  resolution: UsageWindow['resolution'],
  span: number,
  filter: UsageFilter,
): UsageWindow {
  // The present moment belongs to the window.
  const until = clock.now() + 1
  return { resolution, since: until - span, until, filter }
}
