import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** The times that the overview can show. The last one of each grows while the page is open. */
export const ranges = {
  hour: { resolution: 'minute', step: MINUTE_MS, steps: 60, every: 5_000 },
  day: { resolution: 'hour', step: HOUR_MS, steps: 24, every: 60_000 },
  week: { resolution: 'hour', step: HOUR_MS, steps: 168, every: 60_000 },
} as const

export type Range = keyof typeof ranges

/** The beginning of the first interval of a range, in milliseconds. */
function beginOf(range: Range, now: number): number {
  const { step, steps } = ranges[range]
  return (Math.floor(now / step) - steps + 1) * step
}

const windowOf = (range: Range) => ({
  resolution: ranges[range].resolution,
  since: new Date(beginOf(range, Date.now())).toISOString(),
})

/** The most intervals of one answer. */
const MOST = '200'
const MOST_TOP = '6'

/** Issued and refused requests by time. Intervals without requests are filled in with zeros. */
export const usageQuery = (range: Range) =>
  queryOptions({
    queryKey: ['overview', 'usage', range],
    queryFn: async () => {
      const asked = windowOf(range)
      const { items, totals } = await read(
        api.GET('/api/v1/usage', { params: { query: { by: 'time', ...asked, limit: MOST } } }),
      )
      const { step, steps } = ranges[range]
      const first = Date.parse(asked.since)
      const byTime = new Map(items.map((one) => [Date.parse(one.key), one]))
      const times = Array.from({ length: steps }, (_, index) => first + index * step)
      return {
        times,
        issued: times.map((time) => byTime.get(time)?.issued ?? 0),
        refused: times.map((time) => byTime.get(time)?.refused ?? 0),
        totals,
      }
    },
    refetchInterval: ranges[range].every,
    placeholderData: keepPreviousData,
  })

/** The clients or APIs with the most tokens. */
export const topQuery = (of: 'client' | 'api', range: Range) =>
  queryOptions({
    queryKey: ['overview', 'top', of, range],
    queryFn: () =>
      read(api.GET('/api/v1/usage/top', { params: { query: { of, ...windowOf(range), limit: MOST_TOP } } })),
    refetchInterval: ranges[range].every,
    placeholderData: keepPreviousData,
  })

/** The credentials that expire first. */
export const expiringQuery = queryOptions({
  queryKey: ['overview', 'expiring'],
  queryFn: () =>
    read(
      api.GET('/api/v1/credentials', {
        params: { query: { state: 'valid', expiring_days: '30', sort: 'expiry', limit: MOST_TOP } },
      }),
    ),
})

/** The number of credentials that expire within a week. */
export const expiringSoonQuery = queryOptions({
  queryKey: ['overview', 'expiring soon'],
  queryFn: () =>
    read(api.GET('/api/v1/counts/credentials', { params: { query: { state: 'valid', expiring_days: '7' } } })),
})

export const clientCountQuery = queryOptions({
  queryKey: ['overview', 'client count'],
  queryFn: () => read(api.GET('/api/v1/counts/clients')),
})
