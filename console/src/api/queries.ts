import { MutationCache, QueryClient } from '@tanstack/react-query'
import { isStale, Problem, Unreachable } from './problem.ts'

/** A question may be asked again if nobody answered, or the answer was to come back later. */
const isPassing = (error: unknown): boolean =>
  error instanceof Unreachable || (error instanceof Problem && (error.status === 503 || error.status === 429))

const MOST_RETRIES = 4

/** Data that stay as a person saw them: an explanation is about the request of its time, and a remedy about the state that was shown. */
const KEPT: ReadonlySet<unknown> = new Set(['explanations', 'remedy'])

export const queryClient: QueryClient = new QueryClient({
  mutationCache: new MutationCache({
    // Any change may show anywhere. It is settled once its page has closed dialogs, and left the place of a thing that is gone.
    // A change of a state that is no more says that the page is old.
    onSettled: (_, error) => {
      if (error === null || isStale(error))
        void queryClient.invalidateQueries({ predicate: ({ queryKey: [kind] }) => !KEPT.has(kind) })
    },
  }),
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
