import { QueryClient } from '@tanstack/react-query'
import { Problem, Unreachable } from './problem.ts'

/** A question may be asked again if nobody answered, or the answer was to come back later. */
const isPassing = (error: unknown): boolean =>
  error instanceof Unreachable || (error instanceof Problem && (error.status === 503 || error.status === 429))

const MOST_RETRIES = 4

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => isPassing(error) && count < MOST_RETRIES,
      retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 5_000),
      // The server may be on this machine, which no browser counts as being online.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})
