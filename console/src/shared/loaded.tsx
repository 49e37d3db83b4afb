import { Skeleton } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { Failure } from './failure.tsx'

interface Props<Data> {
  readonly query: UseQueryResult<Data>
  /** The height that the content will have, as a length of CSS. */
  readonly height: string
  readonly children: (data: Data) => React.ReactNode
}

/** Content that is read from the server, its place while it is awaited, or why it can't be read. */
export function Loaded<Data>({ query: { data, error, refetch }, height, children }: Props<Data>) {
  if (data !== undefined) return children(data)
  return error === null ? <Skeleton h={height} /> : <Failure error={error} onRetry={() => void refetch()} />
}
