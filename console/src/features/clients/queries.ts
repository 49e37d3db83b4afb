import { infiniteQueryOptions } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
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
