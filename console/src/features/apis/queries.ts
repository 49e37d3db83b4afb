import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, read, readTagged } from '../../api/client.ts'
import type { Answer } from '../../api/types.ts'
import type { ApisFilter } from './view.ts'

export type Api = Answer<'apis.show'>

const PAGE = '100'
const MONTH_MS = 30 * 86_400_000

export const apisQuery = ({ search, owner, manifest }: ApisFilter) =>
  infiniteQueryOptions({
    queryKey: ['apis', 'list', search, owner, manifest],
    queryFn: ({ pageParam: cursor }) =>
      read(
        api.GET('/api/v1/apis', {
          params: {
            query: {
              limit: PAGE,
              ...(search !== undefined && { search }),
              ...(owner !== undefined && { owner: [owner] }),
              ...(manifest !== undefined && { manifest }),
              ...(cursor !== '' && { cursor }),
            },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  })

export const apiQuery = (audience: string) =>
  queryOptions({
    queryKey: ['apis', 'one', audience],
    queryFn: () => readTagged(api.GET('/api/v1/apis/{audience}', { params: { path: { audience } } })),
  })

export const apiEffectQuery = (audience: string) =>
  queryOptions({
    queryKey: ['apis', 'effect', audience],
    queryFn: () => read(api.GET('/api/v1/apis/{audience}/effect', { params: { path: { audience } } })),
  })

export const scopeEffectQuery = (audience: string, scope: string) =>
  queryOptions({
    queryKey: ['apis', 'scope-effect', audience, scope],
    queryFn: () =>
      read(api.GET('/api/v1/apis/{audience}/scopes/{scope}/effect', { params: { path: { audience, scope } } })),
  })

export const sampleQuery = (audience: string, client: string) =>
  queryOptions({
    queryKey: ['apis', 'sample', audience, client],
    queryFn: () =>
      read(
        api.GET('/api/v1/apis/{audience}/sample-token', {
          params: { path: { audience }, query: { client_id: client } },
        }),
      ),
    enabled: client !== '',
  })

/** The clients that hold scopes of an API, page by page. @param withCommon also those with common scopes alone */
export const apiClientsQuery = (audience: string, withCommon: boolean) =>
  infiniteQueryOptions({
    queryKey: ['apis', 'clients', audience, withCommon],
    queryFn: ({ pageParam: cursor }) =>
      read(
        api.GET('/api/v1/apis/{audience}/clients', {
          params: {
            path: { audience },
            query: { limit: PAGE, ...(withCommon && { common: 'true' }), ...(cursor !== '' && { cursor }) },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  })

/** A client that gets tokens for an API; empty if there is none. */
export const firstClientQuery = (audience: string) =>
  queryOptions({
    queryKey: ['apis', 'first-client', audience],
    queryFn: async () => {
      const query = { limit: '1', common: 'true' } as const
      const { items } = await read(
        api.GET('/api/v1/apis/{audience}/clients', { params: { path: { audience }, query } }),
      )
      return items[0]?.client_id ?? ''
    },
  })

/** The use of an API by its clients in the last 30 days. */
export const apiUsageQuery = (audience: string) =>
  queryOptions({
    queryKey: ['apis', 'usage', audience],
    queryFn: () => {
      const since = new Date(Date.now() - MONTH_MS).toISOString()
      return read(
        api.GET('/api/v1/usage', {
          params: { query: { by: 'client', resolution: 'day', api: audience, since, limit: '200' } },
        }),
      )
    },
  })
