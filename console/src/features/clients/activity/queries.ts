import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../../../api/client.ts'
import type { spans } from '../detail/view.ts'

type Span = (typeof spans)[number]

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** How each span is divided. Times in milliseconds. */
export const divisions = {
  day: { length: DAY_MS, resolution: 'hour', step: HOUR_MS },
  week: { length: 7 * DAY_MS, resolution: 'hour', step: HOUR_MS },
  month: { length: 30 * DAY_MS, resolution: 'day', step: DAY_MS },
} as const satisfies Record<Span, unknown>

const REFRESH_MS = 30_000
const REFUSALS = '20'
/** The types of events about requests of clients. */
const REQUESTS = ['token.issue', 'token.introspect', 'token.revoke', 'request.refuse'] as const

const windowOf = (span: Span) => {
  const { length, resolution } = divisions[span]
  return { resolution, since: new Date(Date.now() - length).toISOString() }
}

/** Usage of a client over time, by credential and by API. */
export const usageQuery = (clientId: string, span: Span) =>
  queryOptions({
    queryKey: ['clients', 'one', clientId, 'usage', span],
    queryFn: async () => {
      const asked = { ...windowOf(span), client: clientId, limit: '200' }
      const [overTime, byApi, byCredential] = await Promise.all([
        read(api.GET('/api/v1/usage', { params: { query: { ...asked, by: 'time' } } })),
        read(api.GET('/api/v1/usage', { params: { query: { ...asked, by: 'api' } } })),
        read(
          api.GET('/api/v1/clients/{client_id}/usage', {
            params: { path: { client_id: clientId }, query: windowOf(span) },
          }),
        ),
      ])
      return { at: Date.now(), overTime, byApi: byApi.items, byCredential: byCredential.items }
    },
    refetchInterval: REFRESH_MS,
  })

/** The last requests of a client that were refused. */
export const refusalsQuery = (clientId: string) =>
  queryOptions({
    queryKey: ['clients', 'one', clientId, 'refusals'],
    queryFn: () =>
      read(
        api.GET('/api/v1/audit/events', {
          params: { query: { client: [clientId], type: [...REQUESTS], result: 'refused', limit: REFUSALS } },
        }),
      ),
    refetchInterval: REFRESH_MS,
  })
