import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, read, readTagged } from '../../api/client.ts'
import type { Filters } from './list/filters.ts'

const PAGE = '100'

/** The clients that fit the filters, page by page. */
export const clientsQuery = ({ owner, ...filters }: Filters) =>
  infiniteQueryOptions({
    queryKey: ['clients', 'list', { owner, ...filters }],
    queryFn: ({ pageParam: cursor }) =>
      read(
        api.GET('/api/v1/clients', {
          params: {
            query: {
              ...filters,
              ...(owner && { owner: [...owner] }),
              limit: PAGE,
              ...(cursor !== '' && { cursor }),
            },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  })

/** How many clients fit the filters, up to a bound of the server. */
export const clientCountQuery = ({ owner, sort: _, order: __, ...filters }: Filters) =>
  queryOptions({
    queryKey: ['clients', 'count', { owner, ...filters }],
    queryFn: () =>
      read(
        api.GET('/api/v1/counts/clients', { params: { query: { ...filters, ...(owner && { owner: [...owner] }) } } }),
      ),
  })

const of = (clientId: string) => ({ params: { path: { client_id: clientId } } })

/** A client with its tag. The keys of everything about it begin with the same three words. */
export const clientQuery = (clientId: string) =>
  queryOptions({
    queryKey: ['clients', 'one', clientId, 'settings'],
    queryFn: () => readTagged(api.GET('/api/v1/clients/{client_id}', of(clientId))),
  })

export const credentialsQuery = (clientId: string) =>
  queryOptions({
    queryKey: ['clients', 'one', clientId, 'credentials'],
    queryFn: () => read(api.GET('/api/v1/clients/{client_id}/credentials', of(clientId))),
  })

/** The things that end with a client. */
export const clientEffectQuery = (clientId: string) =>
  queryOptions({
    queryKey: ['clients', 'one', clientId, 'effect'],
    queryFn: () => read(api.GET('/api/v1/clients/{client_id}/effect', of(clientId))),
  })

/** The names of the groups that may own a client. */
export const ownersQuery = queryOptions({
  queryKey: ['groups', 'names'],
  queryFn: async () =>
    (await read(api.GET('/api/v1/groups', { params: { query: { limit: '200' } } }))).items.map(({ name }) => name),
  staleTime: 60_000,
})

/** All APIs with their scopes, page by page. */
export const apisQuery = infiniteQueryOptions({
  queryKey: ['apis', 'for-permissions'],
  queryFn: ({ pageParam: cursor }) =>
    read(api.GET('/api/v1/apis', { params: { query: { limit: PAGE, ...(cursor !== '' && { cursor }) } } })),
  initialPageParam: '',
  getNextPageParam: ({ next }) => next,
})
