import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Dimension, intervalOf, resolutions, type UsageQuery, type UsageStore, type UsageSum } from './store.ts'

/** The most intervals that one statement reads, so that requests are handled between two of them. */
const MOST_INTERVALS = 16
/** A statement that found more sums than this is followed by one for fewer intervals. */
const MANY_SUMS = 2_000

/**
 * Reads sums piece by piece, in the order of time or, if the filter names clients, one client after another, each in the order of
 * time. A sum comes in several parts.
 */
export async function* slicesOf(
  store: Pick<UsageStore, 'sums'>,
  query: UsageQuery,
  by: readonly Dimension[],
): AsyncGenerator<readonly UsageSum[]> {
  const { clients } = query.filter
  if (clients !== undefined) {
    // For a single client, both databases read the rows of that client alone.
    for (const client of new Set(clients)) {
      yield await store.sums({ ...query, filter: { ...query.filter, clients: [client] } }, by)
      await nextTurn()
    }
    return
  }
  const width = resolutions[query.resolution]
  let intervals = 1
  for (let since = intervalOf(query.resolution, query.since); since < query.until; ) {
    const until = Math.min(query.until, since + intervals * width)
    const sums = await store.sums({ ...query, since, until }, by)
    yield sums
    intervals = sums.length > MANY_SUMS ? Math.max(1, intervals / 2) : Math.min(MOST_INTERVALS, intervals * 2)
    since = until
    await nextTurn()
  }
}
