import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import { type Board, queryOf, type View } from './views.ts'

const PAGE = '100'

/** The credentials of a board, page by page. */
export const boardQuery = (board: Board) =>
  infiniteQueryOptions({
    queryKey: ['credentials', 'board', board],
    queryFn: ({ pageParam: cursor }) =>
      read(
        api.GET('/api/v1/credentials', {
          params: { query: { ...queryOf(board), limit: PAGE, ...(cursor !== '' && { cursor }) } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  })

/** The number of credentials that a view has. */
export const countQuery = (view: View, board: Board) => {
  const { sort: _, ...query } = queryOf({ ...board, view })
  if ('order' in query) Reflect.deleteProperty(query, 'order')
  return queryOptions({
    queryKey: ['credentials', 'count', view, board.owner, board.kind],
    queryFn: () => read(api.GET('/api/v1/counts/credentials', { params: { query } })),
    staleTime: 20_000,
  })
}

/** The credentials of one client, where a rotation is under way. */
export const siblingsQuery = (client: string) =>
  queryOptions({
    queryKey: ['credentials', 'siblings', client],
    queryFn: () =>
      read(api.GET('/api/v1/clients/{client_id}/credentials', { params: { path: { client_id: client } } })),
  })
