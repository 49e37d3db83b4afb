import { UserError } from '../../platform/user-error.ts'
import { intervalOf, type Resolution, resolutions, type UsageFilter, type UsageQuery } from '../../usage/store.ts'
import { ownersFor } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'

/** The most intervals of one question. None of the settings keeps more. */
const MOST_INTERVALS = 10_080

/** The most clients, APIs or credentials that are summed in memory at once. */
const MOST_SUMMED = 200_000

/** @throws UserError if so many sums are too many for memory */
export function refuseMany(sums: number): void {
  if (sums > MOST_SUMMED)
    throw new UserError(
      `more than ${MOST_SUMMED.toLocaleString('en')} of them have usage in that time: name a client or an API, or ask for a shorter time`,
    )
}

/** A question about usage. Times are in milliseconds. */
export interface UsageWindow {
  readonly resolution: Resolution
  /** Usage since the beginning of the interval that contains this time. */
  readonly since: number
  readonly until: number
  readonly filter: UsageFilter
}

/** Aligns a window to its resolution, and restricts it to what the reader may see. @throws UserError if it is empty or too long */
export function queryOf(
  { authority }: Pick<ManagementContext, 'authority'>,
  { resolution, since, until, filter }: UsageWindow,
): UsageQuery {
  const begin = intervalOf(resolution, since)
  if (!(begin < until)) throw new UserError('the time since which usage is asked for is not before its end')
  if ((until - begin) / resolutions[resolution] > MOST_INTERVALS)
    throw new UserError(
      `that is more than ${MOST_INTERVALS.toLocaleString('en')} ${resolution}s of usage: ask for a shorter time or a longer interval`,
    )
  const seen = ownersFor(authority, 'usage:read')
  if (seen === 'all') return { resolution, since: begin, until, filter }
  const owners = filter.owners?.filter((owner) => seen.includes(owner)) ?? seen
  return { resolution, since: begin, until, filter: { ...filter, owners } }
}
