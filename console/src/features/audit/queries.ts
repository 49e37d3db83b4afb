import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import type { Answer, Entry } from '../../api/types.ts'
import { type Filters, parametersOf } from './filters.ts'

export type AuditEvent = Entry<'audit.list'>

/** A page may follow only with the parameters of the first one. */
interface Place {
  readonly now: number
  readonly cursor: string
}

/** One page of the events that fit, the newest first. @param limit at most 200 */
export const readPage = (filters: Filters, { now, cursor }: Place, limit: number, signal?: AbortSignal) =>
  read(
    api.GET('/api/v1/audit/events', {
      params: { query: { ...parametersOf(filters, now), limit: String(limit), ...(cursor !== '' && { cursor }) } },
      ...(signal && { signal }),
    }),
  )

/** The events that fit the filters, page by page. */
export const eventsQuery = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ['audit', 'events', filters],
    queryFn: async ({ pageParam, signal }) => {
      const place = pageParam ?? { now: Date.now(), cursor: '' }
      return { place, ...(await readPage(filters, place, 100, signal)) }
    },
    initialPageParam: undefined as Place | undefined,
    getNextPageParam: ({ place, next }): Place | undefined =>
      next === undefined ? undefined : { now: place.now, cursor: next },
  })

/** The events since a cursor, the oldest first. Without a cursor, the answer has one for the events that follow. */
export const readNew = (
  filters: Filters,
  { now, cursor }: Place,
  signal: AbortSignal,
): Promise<Answer<'audit.follow'>> =>
  read(
    api.GET('/api/v1/audit/new-events', {
      params: { query: { ...parametersOf(filters, now), limit: '200', ...(cursor !== '' && { cursor }) } },
      signal,
    }),
  )

/** The events of a request. */
export const requestQuery = (requestId: string) =>
  queryOptions({
    queryKey: ['audit', 'request', requestId],
    queryFn: () =>
      read(api.GET('/api/v1/audit/events', { params: { query: { request_id: requestId, limit: '200' } } })),
    enabled: requestId !== '',
  })

export const verify = (key: string): Promise<Answer<'audit.verify'>> =>
  read(api.POST('/api/v1/audit/verify', { body: key === '' ? {} : { key } }))
