import { Skeleton } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { described, Failure } from './failure.tsx'
import { Status } from './status.tsx'

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

/** The same for a few words in a line or a cell. */
export function LoadedWords<Data>({ query: { data, error }, children }: Omit<Props<Data>, 'height'>) {
  if (data !== undefined) return children(data)
  return error === null ? '…' : <Status kind="bad">{described(error).title}</Status>
}
