import { Stack } from '@mantine/core'
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { Failure } from './failure.tsx'
import { List, type ListProps } from './list.tsx'

interface Props<Row> extends Omit<ListProps<Row>, 'rows' | 'onMore'> {
  readonly query: UseInfiniteQueryResult<InfiniteData<{ readonly items: readonly Row[] }>>
  /** The rows to show, where they are not those of the pages alone. */
  readonly rows?: readonly Row[] | undefined
}

/** A list over an operation that answers page by page. Rows of the filters before stay, and fade, until the new ones come. */
export function PagedList<Row>({ query, rows, ...rest }: Props<Row>) {
  const { data, error, refetch, hasNextPage, isFetchNextPageError, fetchNextPage, isPlaceholderData } = query
  const readOn = () => void (query.isFetchingNextPage || fetchNextPage())
  if (error !== null && data === undefined) return <Failure error={error} onRetry={() => void refetch()} />
  return (
    <Stack style={{ opacity: isPlaceholderData ? 0.6 : 1 }}>
      <List
        {...rest}
        rows={rows ?? data?.pages.flatMap((page) => page.items)}
        onMore={hasNextPage && !isFetchNextPageError ? readOn : undefined}
      />
      {isFetchNextPageError && <Failure error={error} onRetry={readOn} />}
    </Stack>
  )
}
